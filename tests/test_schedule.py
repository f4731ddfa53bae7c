"""Schedules: times, the text of a crontab, the units of systemd."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from dateutil.tz import gettz, tzlocal
from hypothesis import assume, given
from hypothesis import strategies as st

from coach.errors import CoachError, RefusedError
from coach.schedule import Schedule, daemon
from coach.schedule.crontab import (
    add_line,
    change_lines,
    format_line,
    format_lines,
    parse_as_cron,
    read_line,
    read_schedules,
    split_crontab,
)
from coach.schedule.model import LONGEST_NAME, check, derive_name
from coach.schedule.settings import describe_settings, find_zone, next_runs
from coach.schedule.systemd import format_calendar, format_service, format_timer, read_units
from coach.schedule.when import (
    describe,
    next_times,
    parse_all_times,
    parse_expression,
    parse_times,
    share_a_minute,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
with_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
NASTY = st.text(st.sampled_from("ab \\%'\"$`!~#&;|*?()<>é=-\udcff"), max_size=12)
FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/15", "5,35", "*", "10-20/5"]),
    st.sampled_from(["6", "0", "*", "6-9", "22,23"]),
    st.sampled_from(["*", "1", "*/2", "29", "1-7"]),
    st.sampled_from(["*", "2", "6-8"]),
    st.sampled_from(["*", "1-5", "0", "7", "*/2", "6,0"]),
).map(" ".join)


@st.composite
def planned(draw: st.DrawFn, texts: st.SearchStrategy[str] = WORDS | NASTY) -> Schedule:
    names = draw(st.lists(st.sampled_from(["COACH_CACHE", "XDG_STATE_HOME"]), unique=True))
    return Schedule(
        name=draw(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True)),
        when=draw(FIELDS),
        program=("/" + draw(texts), *draw(st.sampled_from([(), ("-m", "coach")]))),
        script="/" + draw(texts),
        options=tuple(draw(st.lists(texts, max_size=3))),
        environment=tuple((name, draw(texts)) for name in names),
        paused=draw(st.booleans()),
    )


HIP = Schedule("hip", "30 6 * * 1-5", ("/opt/coach",), "/home/ada/hip morning.yaml", ("--level", "easier"))


# Times.


@pytest.mark.parametrize(
    ("at", "days", "fields"),
    [
        ("06:30", None, "30 6 * * *"),
        ("6:30", "daily", "30 6 * * *"),
        ("6:30am", "mon-fri", "30 6 * * 1-5"),
        ("6:30 PM", "Mondays", "30 18 * * 1"),
        ("6 p.m.", "mon,wed,fri", "0 18 * * 1,3,5"),
        ("18h30", "Monday", "30 18 * * 1"),
        ("18h", "weekends", "0 18 * * 6,0"),
        ("12am", "fri-mon", "0 0 * * 1,5,6,0"),
        ("noon", "tue, thurs", "0 12 * * 2,4"),
        ("weekdays 6:30am", None, "30 6 * * 1-5"),
        ("daily at 7:00", None, "0 7 * * *"),
        ("every Monday and Thursday at 6pm", None, "0 18 * * 1,4"),
        ("06:30 on sundays", None, "30 6 * * 0"),
        ("mon - fri 06:30", None, "30 6 * * 1-5"),
        ("30 6 * * 1-5", None, "30 6 * * 1-5"),
        ("30  06 * jan-mar MON-fri", None, "30 6 * 1-3 1-5"),
        ("5/20 6,7 1 * fri-sun", None, "5-59/20 6,7 1 * 5-7"),
        ("*/1 6 * * sun", None, "* 6 * * 0"),
    ],
)
def test_times_are_read_as_people_write_them(at: str, days: str | None, fields: str) -> None:
    assert parse_times(at, days).fields == fields


@pytest.mark.parametrize(
    ("at", "days", "told"),
    [
        *((at, None, "must be a time such as 06:30") for at in (
            "", "7", "0630", "25:00", "6:60", "13pm", "6:30:15", "6:30 7:30", "2026-01-01", "30m", "6.30",
            "mon", "tomorrow 6:30", "6:30+02:00", "6:30 utc", "@daily", "@reboot", "٠٦:٣٠", "6:30; rm -rf",
            "9" * 5000,
        )),
        ("30 6 * * *\n* * * * * rm -rf /", None, "has five fields"),
        ("* * * * * *", None, "has five fields"),
        ("30 6 L * *", None, "the day of the month of a cron expression must be"),
        ("30 6 * * 1#2", None, "the day of the week of a cron expression must be"),
        ("30 6 * * 5L", None, "the day of the week of a cron expression must be"),
        ("30 6 * * moo", None, "unknown name"),
        ("60 6 * * *", None, "the minute of a cron expression must be from 0 to 59 (got '60')"),
        ("30 6 0 * *", None, "from 1 to 31"),
        ("30 9-6 * * *", None, "ranges that go up"),
        ("*/0 6 * * *", None, "a step from 1 to 59"),
        ("30 6 31 2 *", None, "never happens"),
        ("30 6 30,31 feb *", None, "never happens"),
        ("30 6 * * 1-5", "mon", "has its own days"),
        ("weekdays 6:30", "mon", "--at already says which days"),
        ("6:30", "", "must be days such as mon-fri"),
        ("6:30", "m", "must be days such as mon-fri"),
        ("6:30", "mon-", "must be days such as mon-fri"),
        ("6:30", "someday", "must be days such as mon-fri"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_what_would_be(at: str, days: str | None, told: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(told)):
        parse_times(at, days)


@pytest.mark.parametrize(
    ("ats", "days", "when", "words"),
    [
        (["6:30", "18:00"], None, "30 6 * * *; 0 18 * * *", "at 06:30 and 18:00 every day"),
        (["6:30,18:00"], "mon-fri", "30 6 * * 1-5; 0 18 * * 1-5",
            "at 06:30 and 18:00 on Monday through Friday"),
        (["6:30 am, noon and 6 p.m."], None, "30 6 * * *; 0 12 * * *; 0 18 * * *",
            "at 06:30, 12:00 and 18:00 every day"),
        (["mon,wed 6:30, at 18h"], None, "30 6 * * 1,3; 0 18 * * 1,3",
            "at 06:30 and 18:00 on Monday and Wednesday"),
        (["7:00 & 8:00 on sundays"], None, "0 7 * * 0; 0 8 * * 0", "at 07:00 and 08:00 on Sunday"),
        (["weekdays 6:30", "weekends 8:00"], None, "30 6 * * 1-5; 0 8 * * 6,0",
            "at 06:30 on Monday through Friday, and at 08:00 on Saturday and Sunday"),
        (["6:30", "06:30"], None, "30 6 * * *", "at 06:30 every day"),
        (["*/15 6 * * *", "18:00"], None, "*/15 6 * * *; 0 18 * * *",
            "every 15th minute from 06:00 through 06:59, and at 18:00 every day"),
    ],
)  # fmt: skip
def test_several_times_are_one_schedule(ats: list[str], days: str | None, when: str, words: str) -> None:
    assert parse_all_times(ats, days) == when
    assert describe(when) == words
    start = datetime(2026, 3, 2)
    each = {time for one in when.split("; ") for time in next_times(one, 20, start)}
    assert next_times(when, 20, start) == sorted(each)[:20]
    hip = replace(HIP, when=when)
    text = None
    for line in format_lines(hip):
        text = add_line(text, line)
    assert read_schedules(text) == [hip]
    units = format_service(hip), format_timer(hip)
    assert read_units(*units, paused=False) == hip
    assert change_lines(text, ["hip"], lambda _: None) is None


@pytest.mark.parametrize(
    ("ats", "told"),
    [
        (["daily 6:30", "mon 6:30"], "'daily 6:30' and 'mon 6:30' mean the same minute"),
        (["6:30", "7"], "(got '7')"),
        (["6:30, 25:00"], "(got '25:00')"),
    ],
)
def test_several_times_that_cannot_be(ats: list[str], told: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(told)):
        parse_all_times(ats)


@given(st.text(max_size=30), st.none() | st.text(max_size=20))
def test_no_text_breaks_the_reading_of_times(at: str, days: str | None) -> None:
    try:
        when = parse_times(at, days)
    except RefusedError:
        return
    assert parse_expression(when.fields) == when
    assert describe(when.fields)


def test_times_are_worded() -> None:
    assert describe("30 6 * * 1-5") == "at 06:30 on Monday through Friday"
    assert describe("0 18 * * *") == "at 18:00 every day"


def test_the_next_times_heed_clocks_put_forward_and_back() -> None:
    berlin = gettz("Europe/Berlin")

    def after(fields: str, month: int, day: int) -> str:
        times = next_times(fields, 2, datetime(2026, month, day, 12, tzinfo=berlin))
        return ", ".join(f"{time:%d %H:%M %z}" for time in times)

    assert after("30 2 * * *", 3, 28) == "29 03:00 +0200, 30 02:30 +0200"
    assert after("30 2 * * *", 10, 24) == "25 02:30 +0200, 26 02:30 +0100"
    assert after("30 6 * * *", 3, 28) == "29 06:30 +0200, 30 06:30 +0200"


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("30 6 * * *", "30 6 * * 1-5", True),
        ("30 6 * * 1-5", "30 6 * * 6,0", False),
        ("30 6 * * 0", "30 6 * * 7", True),
        ("*/15 * * * *", "45 6 29 2 3", True),
        ("30 6 1-7 * *", "30 6 8-31 * *", False),
        ("30 6 29 2 *", "30 6 * * 0", True),
        ("30 6 1 * 1", "30 6 2 * 3", True),  # a Wednesday that is the first
        ("30 6 31 * *", "30 6 * 2,4,6,9,11 *", False),
        ("30 6 * * *", "31 6 * * *", False),
    ],
)
def test_whether_two_times_ever_meet(one: str, other: str, answer: bool) -> None:
    assert share_a_minute(one, other) is share_a_minute(other, one) is answer


@given(FIELDS, FIELDS)
def test_times_that_are_found_together_meet(one: str, other: str) -> None:
    start = datetime(2026, 1, 1)
    found = set(next_times(one, 40, start)) & set(next_times(other, 40, start))
    assert share_a_minute(one, one)
    assert share_a_minute(one, other) or not found


# The text of a crontab.


@given(planned())
def test_a_line_is_read_as_it_was_written(schedule: Schedule) -> None:
    assert read_line(format_line(schedule)) == schedule


def unescaped(command: str, *, both: bool) -> str:
    """Return a command as crons make it: all take the backslash before %, some also that before another."""
    signs = r"%\\" if both else "%"
    assert not re.search(r"(?<!\\)%", command)
    return re.sub(rf"\\([{signs}])", r"\1", command)


@given(planned())
def test_every_kind_of_cron_makes_the_same_of_a_line(schedule: Schedule) -> None:
    command = format_line(schedule)
    assert unescaped(command, both=True) == unescaped(command, both=False)
    assert "\n" not in command


@posix
@given(planned(NASTY))
def test_a_shell_makes_the_words_of_a_line(schedule: Schedule) -> None:
    printing = Schedule("x", schedule.when, ("/usr/bin/printf", r"%s\0"), schedule.script, schedule.options)
    line = format_line(printing)
    settings, command, stdin = parse_as_cron(line, line)
    done = subprocess.run(["/bin/sh", "-c", command], input=stdin, capture_output=True, check=True)
    words = done.stdout.decode(errors="surrogateescape").split("\0")
    assert tuple(words[:-1]) == printing.words[2:]
    assert (settings, stdin) == ({}, b"")


@given(st.none() | st.binary().map(lambda text: text.decode(errors="surrogateescape")), st.lists(planned()))
def test_adding_and_removing_gives_the_same_bytes_back(text: str | None, few: list[Schedule]) -> None:
    assume("coach schedule" not in (text or ""))
    now = text
    for schedule in few:
        now = add_line(now, format_line(schedule))
        assert now is not None
        assert now.endswith(text or "")
        assert read_line(split_crontab(now).lines[-1]) == schedule
    for schedule in few:
        now = change_lines(now, [schedule.name], lambda _: None)
    assert now == text


def test_changing_one_line_leaves_all_others_as_they_are() -> None:
    other = "0 7 * * * /opt/coach play --scheduled --name other /x.yaml"
    odd = [
        "# mine",
        "",
        "MAILTO=ada",
        "0 8 * * * /usr/bin/other thing",
        "0 9 * * * /opt/coach play --scheduled --name y",
    ]
    text = add_line("# end", other)
    assert text
    for line in (*odd, format_line(HIP)):
        text = add_line(text, line)
    paused = change_lines(text, ["hip"], lambda line: f"#paused: {line}")
    assert paused
    assert split_crontab(paused).lines == (other, *odd, f"#paused: {format_line(HIP)}")
    assert change_lines(paused, ["hip"], lambda line: line.removeprefix("#paused: ")) == text
    removed = change_lines(text, ["hip", "other"], lambda _: None)
    assert removed
    assert split_crontab(removed).lines == tuple(odd)


@pytest.mark.parametrize("damage", [
    lambda text: text.replace("# <<< coach schedule <<<\n", ""),
    lambda text: text.replace("# >>> coach schedule >>>\n", ""),
    lambda text: text + text,
    lambda text: text.replace("# <<<", "  # <<<"),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "# <<< coach schedule <<<\n" + text,
])  # fmt: skip
def test_damaged_marks_are_refused(damage: object) -> None:
    text = add_line("# my own\n", format_line(HIP))
    assert callable(damage)
    with pytest.raises(CoachError, match="damaged"):
        split_crontab(damage(text))


def test_marks_within_other_lines_are_none() -> None:
    text = "# see: # >>> coach schedule >>> and # <<< coach schedule <<<\n"
    assert split_crontab(text).after == text


def test_what_cron_gives_to_a_line() -> None:
    line = "0 7 * * * /bin/cat -%first\\%%second"
    text = f'A = 1 \n "B"=\'2 \'\nC=""\n# D=4\n0 0 * * * E=5\n{line}\nF=6\n'
    settings, command, stdin = parse_as_cron(text, line)
    assert settings == {"A": "1", "B": "2 ", "C": ""}
    assert (command, stdin) == ("/bin/cat -", b"first%\nsecond")


def test_a_line_too_long_for_cron_is_refused() -> None:
    with pytest.raises(CoachError, match="over cron's limit of 990; move the script to a shorter path"):
        format_line(Schedule("x", HIP.when, ("/coach",), "/" + "ü" * 480))


@pytest.mark.parametrize("line", [
    "", "# note", "0 7 * * * /bin/true", "0 7 * * /opt/coach play --scheduled --name x /x",
    "61 7 * * * /opt/coach play --scheduled --name x /x",
    "0 7 * * * /opt/coach play --scheduled --name x '/x",
    "@daily /opt/coach play --scheduled --name x /x", "0 7 * * * play --scheduled --name x /x",
    "0 7 * * * /opt/coach play --scheduled --name x /x%y", "0 7 * * * /opt/coach play --scheduled --name",
])  # fmt: skip
def test_lines_that_coach_did_not_write(line: str) -> None:
    assert read_line(line) is None


# Names, and what a schedule may hold.


@given(st.text())
def test_any_text_makes_a_name(text: str) -> None:
    check(Schedule(derive_name(text), HIP.when, HIP.program, HIP.script))


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "ü", "a\n", "x" * (LONGEST_NAME + 1)])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(RefusedError, match="letters"):
        check(Schedule(name, HIP.when, HIP.program, HIP.script))


@pytest.mark.parametrize("sign", ["\n", "\0", "\r", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u200b"])
def test_control_characters_are_refused(sign: str) -> None:
    with pytest.raises(CoachError, match="control character"):
        check(Schedule("x", HIP.when, HIP.program, f"/a{sign}b"))
    with pytest.raises(CoachError, match="control character"):
        check(Schedule("x", HIP.when, HIP.program, "/a", environment=(("COACH_CACHE", sign),)))


# The units of systemd.


@given(planned(WORDS))
def test_units_are_read_as_they_were_written(schedule: Schedule) -> None:
    assert read_units(format_service(schedule), format_timer(schedule), paused=schedule.paused) == schedule


def test_units_that_coach_did_not_write() -> None:
    service, timer = format_service(HIP), format_timer(HIP)
    assert read_units(service, timer.partition("[X-Coach]")[0], paused=False) is None
    assert read_units("[Service]\nExecStart=/bin/true\n", timer, paused=False) is None
    assert read_units(service, timer.replace("When=30", "When=99"), paused=False) is None
    with pytest.raises(CoachError, match="UTF-8"):
        format_service(Schedule("x", HIP.when, HIP.program, "/\udcff"))


def test_either_kind_of_day_makes_two_events() -> None:
    assert format_calendar("30 6 1,15 * 1-5") == ["*-*-01,15 06:30:00", "Mon,Tue,Wed,Thu,Fri *-*-* 06:30:00"]
    assert format_calendar("*/30 6 */2 2 0")[0].startswith("Sun *-02-01,03,05")


@with_systemd
@pytest.mark.parametrize(
    "fields",
    ["30 6 * * 1-5", "*/15 22,23 * * *", "0 7 29 2 *", "5-59/20 6 1,15 * 3", "0 0 1-7 * */2", "* * * 6-8 0"],
)
def test_systemd_means_the_same_moments_as_cron(fields: str) -> None:
    started = datetime(2026, 11, 1)
    command = ["systemd-analyze", "calendar", "--iterations=12", "--base-time=2026-11-01 00:00:00"]
    done = subprocess.run(
        [*command, *format_calendar(fields)],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {match[1] for match in re.finditer(r"(\d{4}-\d\d-\d\d \d\d:\d\d):00 UTC", done.stdout)}
    wanted = [f"{time:%Y-%m-%d %H:%M}" for time in next_times(fields, 13, started)]
    first = [each for each in wanted if each != "2026-11-01 00:00"][:12]
    assert sorted(found)[:12] == first


@with_systemd
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    program = tmp_path / "co $HOME 100% \"q\" 'a' ü" / "coach"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    schedule = Schedule(
        "nasty",
        "30 6 1 * 1",
        (str(program),),
        "/a b/%h $x \\ ü.yaml",
        ("--voice", 'a"b'),
        (("COACH_CACHE", '/%t \\ "'),),
    )
    (tmp_path / "coach-nasty.service").write_text(format_service(schedule))
    (tmp_path / "coach-nasty.timer").write_text(format_timer(schedule))
    units = [str(tmp_path / f"coach-nasty.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@posix
def test_a_shell_word_is_a_word() -> None:
    assert shlex.split(format_line(HIP))[5:] == list(HIP.words)


# What stands above the block.


SET_ABOVE = 'PATH=/x\nCRON_TZ = "Asia/Tokyo"\nMAILTO=ada\n# SHELL=/bin/no\n'


def test_variables_above_the_block_belong_to_its_schedules() -> None:
    block = add_line(None, format_line(HIP))
    (there,) = read_schedules(f"{SET_ABOVE}{block}SHELL=/bin/fish\n")
    assert there == replace(HIP, settings=(("PATH", "/x"), ("CRON_TZ", "Asia/Tokyo"), ("MAILTO", "ada")))


@pytest.mark.parametrize(
    ("program", "heeded"), [(b"...CRON_TZ...", True), (b"...SHELL...", False), (None, None)]
)
def test_a_time_zone_above_counts_where_cron_heeds_it(
    program: bytes | None, heeded: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(daemon, "_ADMINISTRATORS", ())
    monkeypatch.setattr(daemon, "_GENERATORS", ())
    if program is not None:
        (tmp_path / "crond").write_bytes(program)
        (tmp_path / "crond").chmod(0o755)
    assert daemon.knows_time_zones() is heeded
    hip = replace(HIP, when="30 6 * * *", settings=(("CRON_TZ", "Asia/Tokyo"),))
    (moment,) = next_runs(hip, 1)
    there = moment.astimezone(gettz("Asia/Tokyo") if heeded else tzlocal())
    assert (there.hour, there.minute) == (6, 30)
    assert moment.tzinfo == tzlocal()
    assert find_zone(hip) == ("Asia/Tokyo" if heeded else None)
    (told,) = describe_settings([hip])
    assert told.startswith("CRON_TZ=Asia/Tokyo stands above hip in your crontab: ")
    assert told.endswith({
        True: "the times set are those of that time zone",
        False: "the cron of this machine takes no notice of it, and the times set are this machine's",
        None: "whether cron heeds it can't be seen here; the next times shown are this machine's",
    }[heeded])  # fmt: skip


def test_what_variables_above_do_is_said_once_for_all_they_stand_above() -> None:
    above = (("SHELL", "/bin/fish"), ("PATH", "/x"), ("HOME", "/y"), ("MAILTO", "ada"))
    hip = replace(HIP, settings=above, environment=(("HOME", "/home/ada"),))
    assert describe_settings([hip, replace(hip, name="neck", settings=above[:1])]) == [
        "SHELL=/bin/fish stands above hip, neck in your crontab: that shell starts them instead of /bin/sh",
        "PATH=/x stands above hip in your crontab: "
        "other programs, such as ffmpeg, are looked for there alone",
    ]
