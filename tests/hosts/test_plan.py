from ipaddress import IPv4Network

from hosts.local.plan import Network, pod_subnet


def test_every_address_of_a_plan_lies_in_its_range() -> None:
    plan = Network("dev", address_range="10.90.4.0/24")
    addresses = [plan.machine, plan.registry, plan.control_plane, plan.worker(1), plan.worker(9)]
    assert len(set(addresses)) == len(addresses)
    assert all(IPv4Network("10.90.4.0/24").supernet_of(IPv4Network(f"{address}/32")) for address in addresses)


def test_link_names_fit_into_linux_fifteen_characters() -> None:
    plan = Network("an-environment-with-a-very-long-name")
    assert len(plan.bridge) <= 15
    assert len(f"crn{plan.handle}p255") <= 15


def test_two_environments_share_no_name() -> None:
    one, other = Network("dev"), Network("test")
    assert one.bridge != other.bridge
    assert one.cgroup != other.cgroup
    assert one.run_root != other.run_root
    assert not one.netns("registry").startswith(other.netns(""))


def test_a_plan_survives_being_written_down() -> None:
    plan = Network("dev", address_range="10.90.0.0/24", egress=True)
    assert Network(**plan.as_record()) == plan


def test_nodes_get_pod_subnets_that_do_not_overlap() -> None:
    subnets = [IPv4Network(pod_subnet("10.244.0.0/16", index)) for index in range(5)]
    assert not any(a.overlaps(b) for a in subnets for b in subnets if a is not b)
