import os
import threading
import time

import pytest

from impasto.errors import InputError, WeightsError
from impasto.web.jobs import Jobs, QueueFullError, Result
from impasto.web.limits import Limits


@pytest.fixture
def jobs(tmp_path):
    """Makes a queue; all of them are closed at the end."""
    made = []

    def make(**limits):
        made.append(Jobs(tmp_path / str(len(made)), Limits(**limits)))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


def finished(queue, job):
    """The job when it has ended."""
    ended = threading.Event()
    queue.on_end(job, ended.set)
    assert ended.wait(10)
    return job


def write(job):
    """Work that leaves a file."""
    path = job.folder / "painting.png"
    path.write_bytes(b"painting")
    return Result(path, "image/png", "painting.png", (1, 1), ())


class Busy:
    """Work that goes on until it is let go or cancelled."""

    def __init__(self):
        self.started, self.free = threading.Event(), threading.Event()

    def __call__(self, job):
        self.started.set()
        while not self.free.wait(0.005):
            job.check()
        return write(job)


def test_a_job_leaves_a_file(jobs):
    queue = jobs()
    job = finished(queue, queue.submit("stylize", write))
    assert (job.state, job.progress, job.error) == ("done", 1, None)
    assert job.result.path.read_bytes() == b"painting"
    assert queue.find(job.id) is job
    assert os.name != "posix" or job.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_as_many_paint_at_a_time_as_there_are_workers(jobs, workers):
    queue = jobs(workers=workers)
    under_way, most, lock = [], [], threading.Lock()

    def work(job):
        with lock:
            under_way.append(job)
            most.append(len(under_way))
        time.sleep(0.02)
        with lock:
            under_way.remove(job)
        return write(job)

    for job in [queue.submit("stylize", work) for _ in range(6)]:
        finished(queue, job)
    assert max(most) == workers


def test_jobs_are_done_in_turn(jobs):
    queue, busy, order = jobs(), Busy(), []
    first = queue.submit("stylize", busy)
    assert busy.started.wait(10)
    others = [
        queue.submit("stylize", lambda job: order.append(job) or write(job)) for _ in range(3)
    ]
    assert [queue.ahead(job) for job in (first, *others)] == [0, 1, 2, 3]
    assert queue.counts() == {"running": 1, "waiting": 3}
    busy.free.set()
    finished(queue, others[-1])
    assert order == others


def test_a_full_queue_says_when_to_come_again(jobs):
    queue, busy = jobs(waiting=1), Busy()
    queue.submit("optimize", busy)
    assert busy.started.wait(10)
    queue.submit("stylize", write)
    with pytest.raises(QueueFullError, match=r"the queue is full; try again in \d+ s") as full:
        queue.submit("stylize", write)
    assert full.value.retry_after >= 1


def test_the_time_until_a_place_is_free_is_that_of_the_painting_under_way(jobs):
    queue, busy = jobs(waiting=0), Busy()

    def work(job):
        job.advance(0.5, 40)
        return busy(job)

    queue.submit("optimize", work)
    assert busy.started.wait(10)
    with pytest.raises(QueueFullError, match="40 s"):
        queue.submit("stylize", write)


def test_a_waiting_job_is_cancelled_at_once(jobs):
    queue, busy = jobs(), Busy()
    queue.submit("optimize", busy)
    assert busy.started.wait(10)
    job = queue.submit("stylize", write)
    queue.cancel(job)
    assert job.state == "cancelled"
    assert queue.counts()["waiting"] == 0


def test_a_running_job_is_cancelled_at_its_next_step(jobs):
    queue, busy = jobs(), Busy()
    job = queue.submit("optimize", busy)
    assert busy.started.wait(10)
    queue.cancel(job)
    assert finished(queue, job).state == "cancelled"
    assert not job.folder.exists()
    assert finished(queue, queue.submit("stylize", write)).state == "done"


@pytest.mark.parametrize(
    ("problem", "line", "is_users_fault"),
    [
        (InputError("photo.jpg: broken"), "photo.jpg: broken", True),
        (WeightsError("damaged"), "damaged", False),
        (MemoryError(), "not enough memory; choose a smaller size", False),
        (ZeroDivisionError(), "the painting failed; the log of the server says why", False),
    ],
)
def test_a_failure_is_one_line_and_the_next_job_is_painted(jobs, problem, line, is_users_fault):
    queue = jobs()

    def fail(job):
        raise problem

    job = finished(queue, queue.submit("stylize", fail))
    assert (job.state, job.error, job.is_users_fault) == ("failed", line, is_users_fault)
    assert not job.folder.exists()
    assert finished(queue, queue.submit("stylize", write)).state == "done"


def test_files_go_after_their_time(jobs):
    queue = jobs(keep_seconds=0.2)
    job = finished(queue, queue.submit("stylize", write))
    assert job.folder.exists()
    deadline = time.monotonic() + 10
    while queue.find(job.id) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert queue.find(job.id) is None
    assert not job.folder.exists()


def test_finished_paintings_are_kept_for_an_hour():
    assert Limits().keep_seconds == 3600


def test_the_oldest_go_where_there_are_too_many(jobs):
    queue = jobs(kept=2)
    made = [finished(queue, queue.submit("stylize", write)) for _ in range(4)]
    deadline = time.monotonic() + 10
    while made[1].folder.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [job.folder.exists() for job in made] == [False, False, True, True]


def test_a_forgotten_job_leaves_nothing(jobs):
    queue = jobs()
    job = finished(queue, queue.submit("stylize", write))
    queue.forget(job)
    assert queue.find(job.id) is None
    assert not job.folder.exists()


def test_a_running_job_that_is_forgotten_leaves_nothing(jobs):
    queue, busy = jobs(), Busy()
    job = queue.submit("stylize", busy)
    assert busy.started.wait(10)
    queue.forget(job)
    finished(queue, job)
    assert not job.folder.exists()


def test_closing_cancels_all_and_removes_the_folder(jobs, tmp_path):
    queue, busy = jobs(), Busy()
    made = [queue.submit("stylize", busy) for _ in range(3)]
    assert busy.started.wait(10)
    queue.close()
    assert {job.state for job in made} == {"cancelled"}
    assert list(tmp_path.iterdir()) == []


def test_work_lets_go_of_its_pictures(jobs):
    queue = jobs()
    job = finished(queue, queue.submit("stylize", write))
    assert job.work is None


def test_who_listens_late_is_told_at_once(jobs):
    queue = jobs()
    job = finished(queue, queue.submit("stylize", write))
    told = []
    queue.on_end(job, lambda: told.append(True))
    assert told == [True]


def test_ids_cannot_be_guessed(jobs):
    queue = jobs()
    names = {queue.submit("stylize", write).id for _ in range(5)}
    assert len(names) == 5
    assert {len(name) for name in names} == {22}
