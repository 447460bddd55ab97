"""The speaker: what the harness says, from a step of the plan to bytes for the wire.

Belongs here: producing messages, cutting and copying them as the delivery says. Must not
know: what is answered, when it is said, what becomes of it on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.errors import Place, SpecError
from harness.exchange.action import Action, DoCraft, DoImpair, DoListen, DoSend, DoType
from harness.exchange.delivery import pieces
from harness.exchange.judgement import Judgement
from harness.exchange.plan import (
    AnyStep,
    Connection,
    Craft,
    Impair,
    Listen,
    Plan,
    Send,
    Stray,
    Type,
)
from harness.spec.model import Delivery, Origin, Role, Says, Transport
from harness.wire.framing import DATAGRAM
from harness.wire.message import Matched


class Speaker:
    """Speaks for the harness in one play. `captures` is the play's own, and added to.

    `aside`: what needs no connection to stand, by the step.
    """

    def __init__(self, plan: Plan, captures: dict[str, bytes], judgement: Judgement) -> None:
        self._delivery = plan.delivery
        self._captures = captures
        self._judgement = judgement
        self._known: dict[int, DoSend] = {}
        self.aside: dict[type[AnyStep], Callable[..., Action]] = {
            Stray: self.stray,
            Craft: self.craft,
            Type: self.type,
        }
        self._prepare(plan)

    def send(self, step: Send, judged: int) -> DoSend:
        """Returns what a step puts on the wire. Raises: SpecError, HarnessError.

        `judged`: how many of the target's messages were, the last of which is answered.
        """
        known = self._known.get(id(step))
        if known is not None:
            self._judgement.sends(step.connection, known.pieces, known.pieces)
            return known
        connection, origin = step.connection, step.says[0].origin
        messages = [self._bytes_of(says, step.place) for says in step.says]
        if origin is Origin.STRANGER:
            return DoSend(connection, tuple(messages), stray=True)
        if connection.over is Transport.UDP:
            answered = step.says[0].answers or judged
            return replace(self._datagrams(connection, messages, origin), to=answered)
        if self._delivery is Delivery.COALESCED:
            messages = [b"".join(messages)]
        cut = tuple(p for message in messages for p in pieces(message, self._delivery) if p)
        self._judgement.sends(connection, messages, cut)
        return DoSend(connection, cut)

    def _prepare(self, plan: Plan) -> None:
        """Makes what is sent whole and known before the play, so that no time goes by in it."""
        whole = (Delivery.WHOLE, Delivery.SLOW_READER, Delivery.PLAIN)
        if plan.role is not Role.SERVER or plan.delivery not in whole:
            return
        for step in plan.distinct:
            if isinstance(step, Send) and _is_known(step, plan):
                data = step.says[0].message.produce(plan.scope)
                if data or step.connection.over is Transport.UDP:
                    self._known[id(step)] = DoSend(step.connection, (data,))

    def stray(self, step: Stray) -> DoSend:
        """Returns what a stranger says."""
        return DoSend(step.connection, (step.data,), stray=True)

    def craft(self, step: Craft) -> DoCraft:
        """Returns the message and the packets that it goes in. Raises: SpecError, HarnessError."""
        data = self._bytes_of(step.says, step.place)
        self._judgement.sends(step.connection, [data], (data,))
        return DoCraft(step.connection, step.packet, data)

    def listen(self, step: Listen) -> DoListen:
        """Returns what makes us deaf on a connection, or hear again."""
        return DoListen(step.connection, step.on)

    def type(self, step: Type) -> DoType:
        """Returns the line with its newline. Raises: HarnessError."""
        return DoType(step.line.produce(self._captures).removesuffix(b"\n") + b"\n")

    def impair(self, step: Impair) -> DoImpair:
        """Returns what becomes of packets from here on."""
        return DoImpair(step.connection, step.by, step.schedule)

    def _datagrams(self, connection: Connection, messages: list[bytes], origin: Origin) -> DoSend:
        earlier = bool(self._judgement.has_sent(connection))
        self._judgement.sends(connection, messages, tuple(messages))
        copies = 2 if self._delivery is Delivery.REPEATED else 1
        moved = self._delivery is Delivery.FROM_ANOTHER_PORT and earlier
        another_port = moved or origin in (Origin.NEW_PORT, Origin.ANY_PORT)
        return DoSend(connection, tuple(messages) * copies, another_port=another_port)

    def _bytes_of(self, says: Says, place: Place) -> bytes:
        """Returns what is sent; what an example puts into holes is captured as from a target."""
        if not (says.message.open and says.example):
            return says.message.produce(self._captures)
        data = says.example.produce(self._captures)
        said = says.message.bind(self._captures, DATAGRAM).judge(data, ended=True)
        if not isinstance(said, Matched):
            wanted = says.message.describe()
            message = f"the example {says.example.describe()} does not match {wanted}"
            raise SpecError(place, message)
        self._captures.update(said.captures)
        return data


def _is_known(step: Send, plan: Plan) -> bool:
    """Says whether a step says one message whose bytes the parameters alone decide."""
    says = step.says[0]
    known = not says.message.open and says.message.references <= plan.scope.keys()
    return known and len(step.says) == 1 and says.origin is Origin.USUAL
