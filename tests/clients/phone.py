"""A reader's day with the generated Python client. It ends with an error where an answer is not as expected."""

import os
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import datetime

from meterbook_client import (
    AccountsApi,
    ActivateDeviceRequest,
    ApiClient,
    ApiException,
    Configuration,
    MetaApi,
    ProblemBody,
    PulledStop,
    PushAnswer,
    PushItem,
    PushRequest,
    RefreshTokensRequest,
    SyncApi,
)


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, expected {wanted!r}")


def problem_of(call: Callable[[], object]) -> ProblemBody:
    """Every failure is a problem (RFC 9457) with a stable code."""
    try:
        call()
    except ApiException as fault:
        if isinstance(fault.data, ProblemBody):
            return fault.data
        raise
    raise SystemExit("expected a problem")


def uuid7() -> str:
    """The time in ms, the version and the variant, and 74 random bits. Python has its own from 3.14 on."""
    bits = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=bits))


configuration = Configuration(host=os.environ["METERBOOK_URL"])
client = ApiClient(configuration)
accounts, meta, sync = AccountsApi(client), MetaApi(client), SyncApi(client)

expect("without a token", problem_of(sync.pull_changes).code, "unauthenticated")

# Activation (激活): the code the dispatcher gave, once.
activation = ActivateDeviceRequest(code=os.environ["METERBOOK_CODE"], label="Python", platform="android")
tokens = accounts.activate_device(activation)
configuration.access_token = tokens.access_token
expect("a code used twice", problem_of(lambda: accounts.activate_device(activation)).code, "invalid_activation_code")

# Pull: rounds (抄表任务) until there is no more.
stops: list[PulledStop] = []
cursor: str | None = None
more = True
while more:
    answer = sync.pull_changes(cursor=cursor)
    stops += [stop for pulled in answer.rounds for stop in pulled.stops]
    cursor, more = answer.cursor, answer.more
bad = problem_of(lambda: sync.pull_changes(cursor="not one of yours"))
expect("a bad cursor", (bad.status, bad.code, bad.retryable), (400, "invalid_cursor", False))

# One reading (抄见), one attempt (到访不遇); both keep their ids for ever.
read, locked = [stop for stop in stops if stop.var_class == "residential_outdoor"][:2]
expect("a meter to read", read.meter is not None, True)
now: datetime = meta.get_meta().server_time
reading = PushItem(
    id=uuid7(),
    kind="reading",
    device_seq=1,
    read_at=now.isoformat(),
    service_point_id=read.service_point_id,
    index=1_030_000,  # the dial shows 1030 m³
    note="表箱在门左",
)
attempt = PushItem(
    id=uuid7(),
    kind="attempt",
    device_seq=2,
    read_at=now.isoformat(),
    service_point_id=locked.service_point_id,
    attempt_code="locked",
)


def push(*items: PushItem) -> PushAnswer:
    return sync.push_records(PushRequest(sent_at=now, items=list(items)))


first = push(reading, attempt)
expect("first", [receipt.outcome for receipt in first.items], ["accepted", "accepted"])
expect("the ids", [receipt.id for receipt in first.items], [reading.id, attempt.id])
expect("the numbers", first.highest_contiguous_seq, 2)
expect("again", [receipt.outcome for receipt in push(reading, attempt).items], ["duplicate", "duplicate"])

# What can't be taken as it is lies in quarantine, with its code and the whole of it.
dance = reading.model_copy(update={"id": uuid7(), "device_seq": 3, "kind": "dance"})
refused = push(dance).items[0]
expect("refused", (refused.outcome, refused.code, refused.pointer), ("rejected", "unknown_kind", "/kind"))

# New tokens; the old refresh token is spent.
tokens = accounts.refresh_tokens(RefreshTokensRequest(refresh_token=tokens.refresh_token))
configuration.access_token = tokens.access_token
page = sync.list_quarantine(limit=10)
expect("quarantine", [row.code for row in page.items], ["unknown_kind"])
expect("its body", PushItem.from_json(page.items[0].body), dance)
print("as expected")
