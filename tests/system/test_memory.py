"""What is free: by the machine, and by the control groups of Linux in both versions."""

import os

import pytest

from impasto.system.memory import free_bytes

MEGABYTE = 1 << 20


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(text))


@pytest.fixture
def linux(tmp_path):
    """A machine with 8 MB available, and what else its files say."""

    def build(**groups):
        write(tmp_path, {"proc/meminfo": "MemTotal: 9999 kB\nMemAvailable:    8192 kB\n"})
        write(tmp_path, {name.replace("__", "/"): text for name, text in groups.items()})
        return tmp_path

    return build


def version_2(limit, current, of_files=0):
    stat = f"anon 5\ninactive_file {of_files}\nactive_file 0\n"
    return {"memory.max": limit, "memory.current": current, "memory.stat": stat}


def version_1(limit, current, of_files=0):
    stat = f"cache 5\ntotal_inactive_file 0\ntotal_active_file {of_files}\n"
    return {
        "memory.limit_in_bytes": limit,
        "memory.usage_in_bytes": current,
        "memory.stat": stat,
    }


def grouped(root, folder, files):
    write(root / "sys/fs/cgroup" / folder, files)
    return root


def test_this_machine_tells_or_not():
    found = free_bytes()
    assert found is None or found > MEGABYTE


def test_linux_tells_what_is_available(linux):
    assert free_bytes(linux()) == 8 * MEGABYTE


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="Windows does not tell")
def test_elsewhere_half_of_all_is_taken_for_free(tmp_path):
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert free_bytes(tmp_path) == whole // 2


def test_a_container_may_have_less(linux):
    root = linux(proc__self__cgroup="0::/docker/one\n")
    grouped(root, "docker/one", version_2(5 * MEGABYTE, 3 * MEGABYTE, MEGABYTE))
    assert free_bytes(root) == 3 * MEGABYTE


def test_limits_of_groups_above_hold_too(linux):
    root = linux(proc__self__cgroup="0::/slice/service\n")
    grouped(root, "slice/service", version_2("max", MEGABYTE))
    assert free_bytes(root) == 8 * MEGABYTE
    grouped(root, "slice", version_2(5 * MEGABYTE, 3 * MEGABYTE))
    assert free_bytes(root) == 2 * MEGABYTE
    grouped(root, "slice", version_2(5 * MEGABYTE, 6 * MEGABYTE))
    assert free_bytes(root) == 0


def test_version_1(linux):
    root = linux(proc__self__cgroup="5:cpu,cpuacct:/one\n4:memory:/one\n")
    grouped(root, "memory/one", version_1(9223372036854771712, MEGABYTE))
    assert free_bytes(root) == 8 * MEGABYTE
    grouped(root, "memory/one", version_1(3 * MEGABYTE, 2 * MEGABYTE, MEGABYTE))
    assert free_bytes(root) == 2 * MEGABYTE


@pytest.mark.parametrize(
    ("line", "folder", "version"),
    [("0::/host/one\n", ".", version_2), ("4:memory:/host/one\n", "memory", version_1)],
)
def test_a_container_that_sees_its_own_group_as_the_topmost(linux, line, folder, version):
    root = linux(proc__self__cgroup=line)
    grouped(root, folder, version(3 * MEGABYTE, 2 * MEGABYTE))
    assert free_bytes(root) == MEGABYTE


def test_the_lower_of_two_limits_counts(linux):
    root = linux(proc__self__cgroup="0::/one\n")
    grouped(root, "one", version_2("max", MEGABYTE) | {"memory.high": 3 * MEGABYTE})
    assert free_bytes(root) == 2 * MEGABYTE
    grouped(root, "one", version_2(5 * MEGABYTE, MEGABYTE) | {"memory.high": "max"})
    assert free_bytes(root) == 4 * MEGABYTE


@pytest.mark.parametrize(
    "odd", [b"", b"\n", b"nothing to read\n", b"0::/caf\xe9\n", b"0:\n", b"0::/../../..\n"]
)
@pytest.mark.parametrize(
    "name", ["proc/self/cgroup", "sys/fs/cgroup/one/memory.max", "sys/fs/cgroup/one/memory.stat"]
)
def test_odd_files_tell_nothing(linux, name, odd):
    root = linux(proc__self__cgroup="0::/one\n")
    grouped(root, "one", version_2(9 * MEGABYTE, MEGABYTE))
    (root / name).write_bytes(odd)
    assert free_bytes(root) == 8 * MEGABYTE


def test_an_odd_amount_of_the_machine_s_is_not_known(linux):
    root = linux()
    (root / "proc/meminfo").write_bytes(b"MemAvailable: \xff\n")
    assert free_bytes(root) != 8 * MEGABYTE
