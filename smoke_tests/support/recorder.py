"""What a run of smoke tests was: a line for each check as it ends, and what the terminal says of them all."""

from pathlib import Path

import pytest

from modules.contract.api import ApiError
from smoke_tests.support import evidence, leftovers
from smoke_tests.support.cluster import Cluster
from smoke_tests.support.environment import Environment


class Recorder:
    """Writes checks.jsonl as reports come in, and says at the end what was and was not run."""

    def __init__(self, environment: Environment, directory: Path, devices: str) -> None:
        self.environment = environment
        self.directory = directory
        self.devices = devices
        self.phases: dict[str, list[pytest.TestReport]] = {}
        self.skipped: list[str] = []
        self.leaks: list[str] = []
        self.left = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collects a test's phases (setup, call, teardown); the last one completes its line."""
        phases = self.phases.setdefault(report.nodeid, [])
        phases.append(report)
        if report.when != "teardown":
            return
        check = self.check(report.nodeid, phases)
        if check.outcome == "skipped":
            self.skipped.append(f"{check.test}: {check.reason}")
        evidence.record(self.directory, check)

    def check(self, test: str, phases: list[pytest.TestReport]) -> evidence.Check:
        """The outcome of a test from its phases: what went wrong first decides."""
        deciding = next((phase for phase in phases if not phase.passed), phases[-1])
        outcome = "error" if deciding.failed and deciding.when != "call" else deciding.outcome
        crash = getattr(deciding.longrepr, "reprcrash", None)
        reason = deciding.longrepr[2] if isinstance(deciding.longrepr, tuple) else crash and crash.message
        properties = dict(phases[-1].user_properties)
        return evidence.Check(
            test=test,
            module=str(properties.get("module", "")),
            outcome=outcome,
            seconds=round(sum(phase.duration for phase in phases), 1),
            environment=self.environment.name,
            versions=self.environment.versions,
            accelerators=str(properties.get("accelerators", "")),
            reason=evidence.redact(str(reason or deciding.longrepr or ""), self.environment.secrets()),
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section(f"environment {self.environment.name}")
        if self.devices:
            terminalreporter.line(f"accelerators: {self.devices}")
        terminalreporter.line(f"evidence: {self.directory}")
        if self.left:
            terminalreporter.line(self.left)
        for line in self.skipped:
            terminalreporter.line(f"NOT RUN, so not shown to work: {line}", yellow=True)
        for file in self.leaks:
            terminalreporter.line(f"HOLDS A SECRET IN PLAIN TEXT: {file}", red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not session.config.getoption("--keep") and session.exitstatus != pytest.ExitCode.INTERRUPTED:
            self._clear(session)
        junit = self.directory / "junit.xml"
        if junit.exists():
            junit.write_text(evidence.redact(junit.read_text(), self.environment.secrets()))
        self.leaks = evidence.leaks([self.directory], self.environment.secrets())
        if self.leaks:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        # On a cluster of Cairn's own there is no reason to leave anything out.
        if self.skipped and self.environment.made_by_cairn and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _clear(self, session: pytest.Session) -> None:
        """Takes away what the run's teams left in the servers; a run that can't is no clean one."""
        try:
            taken = leftovers.clear(Cluster(self.environment, self.environment.kubeconfig))
        except (AssertionError, ApiError) as error:
            self.left = f"LEFT in the servers, as they refuse to give it up: {error}"
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        else:
            counts = [f"{count} {kind}" for kind, count in taken.items()]
            self.left = f"the teams' {', '.join(counts)} taken away" if counts else ""
