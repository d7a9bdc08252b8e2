from cairn.commands.status import nodes
from cairn.health import Health, node_health
from modules.contract.api import Object


def node() -> Object:
    status = {"nodeInfo": {"kubeletVersion": "v1.36.3"}, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": "one"}, "spec": {}, "status": status}


def test_simulated_devices_are_called_so_wherever_they_are_shown() -> None:
    assert node_health(node(), {"SIMULATED": 2}).accelerators == "2 SIMULATED"
    assert node_health(node(), {"SIMULATED": 2, "REAL": 8}).accelerators == "2 SIMULATED, 8 REAL"
    assert node_health(node(), {}).accelerators == "none"


def test_a_cordoned_node_is_not_ready_for_work_and_is_said_to_be_cordoned() -> None:
    cordoned = node_health(node() | {"spec": {"unschedulable": True}}, {})
    health = Health("laptop", "source", [], [node_health(node(), {}), cordoned])
    assert not health.ready()
    assert Health("laptop", "source", [], [node_health(node(), {})]).ready()
    [_, shown] = [str(cell) for cell in nodes(health).columns[2].cells]
    assert shown == "no: cordoned"
