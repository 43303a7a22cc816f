"""How types and fields are declared here, each with its policy."""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from domain.errors import Refusal
from domain.rules.access import Permission
from graph.planned import Decided, Plan
from graph.policy import KEY, Anyone, Needs, Passage, Policy
from resolvers.context import Info
from resolvers.inputs import PERSONAL

C = TypeVar("C")
BARE = "__bare_fields__"
MODEL = "__model__"
"""On a type: the kind of row that it shows."""
PLAN = "plan"
"""On a field: how it is read without the object; a field that cannot be has none."""


def shown(description: str, *, plan: Plan | None = None, **options: Any) -> Any:
    """A bare field, with what it means. Its plan is the column of its name, if not told."""
    metadata = {KEY: Passage.SHOWN, PLAN: plan}
    return strawberry.field(description=description, metadata=metadata, **options)


@dataclass_transform(kw_only_default=True, field_specifiers=(shown,))
def thing(
    model: type[Any], *, description: str, name: str | None = None
) -> Callable[[type[C]], type[C]]:
    """A type with an id that shows a domain object; its bare fields are the object's own."""

    def declare(declared: type[C]) -> type[C]:
        def is_type_of(cls: type[Any], candidate: Any, _info: Any) -> bool:
            return isinstance(candidate, model)

        declared.is_type_of = classmethod(is_type_of)  # type: ignore[attr-defined]
        setattr(declared, BARE, Passage.SHOWN)
        setattr(declared, MODEL, model)
        return strawberry.type(declared, description=description, name=name)

    return declare


@dataclass_transform(kw_only_default=True, field_specifiers=(shown,))
def value(
    *,
    description: str,
    name: str | None = None,
    interface: bool = False,
    model: type[Any] | None = None,
) -> Callable[[type[C]], type[C]]:
    """A type without an id: a part of an answer. `model` is the row behind it, where it is one."""

    def declare(declared: type[C]) -> type[C]:
        setattr(declared, BARE, Passage.SHOWN)
        setattr(declared, MODEL, model)
        make = strawberry.interface if interface else strawberry.type
        made: type[C] = make(declared, description=description, name=name)
        return made

    return declare


def fetched(
    resolver: Callable[..., Any],
    graph_type: Any,
    description: str,
    *,
    plan: Plan | None = None,
    **options: Any,
) -> Any:
    """A field that is read through the caller's shelves."""
    return _field(resolver, graph_type, description, Passage.FETCHED, plan, **options)


def computed(
    resolver: Callable[..., Any],
    graph_type: Any,
    description: str,
    *,
    reads: tuple[str, ...] | None = None,
    **options: Any,
) -> Any:
    """A field decided from the object and the caller alone; `reads` is what of the object."""
    plan = None if reads is None else Decided(reads)
    return _field(resolver, graph_type, description, Passage.COMPUTED, plan, **options)


def _field(
    resolver: Callable[..., Any],
    graph_type: Any,
    description: str,
    policy: Policy,
    plan: Plan | None,
    *,
    personal: bool = False,
    **options: Any,
) -> Any:
    return strawberry.field(
        resolver,
        graphql_type=graph_type,
        description=description,
        metadata={KEY: policy, PERSONAL: personal, PLAN: plan},
        **options,
    )


class Doorman(FieldExtension):
    """Asks at a root field whether the caller may call it at all."""

    def __init__(self, policy: Needs | Anyone) -> None:
        self.policy = policy

    def check(self, info: Info) -> None:
        if isinstance(self.policy, Needs):
            info.context.require(*self.policy.any_of)

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any
    ) -> Any:
        self.check(info)
        return await next_(source, info, **kwargs)


class Payload(FieldExtension):
    """Wraps what a mutation did in its payload, and a refusal in its userErrors."""

    def __init__(self, payload: type[Any], errors: Callable[[Refusal, Any], list[Any]]) -> None:
        self.payload = payload
        self.errors = errors

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any
    ) -> Any:
        try:
            done = await next_(source, info, **kwargs)
        except Refusal as refusal:
            info.context.refusals.append(refusal.code.value)
            told = self.errors(refusal, info.context.locale)
            return self.payload.refused(told, kwargs.get("input"))
        return self.payload.told(done, info)


def policy_of(needs: Permission | Needs | None) -> Needs | Anyone:
    if isinstance(needs, Needs):
        return needs
    return Anyone.ANYONE if needs is None else Needs(needs)


def ask(
    resolver: Callable[..., Any],
    graph_type: Any,
    needs: Permission | None,
    description: str,
    *,
    plan: Plan | None = None,
) -> Any:
    """A field of the query root."""
    policy = policy_of(needs)
    return strawberry.field(
        resolver,
        graphql_type=graph_type,
        description=description,
        metadata={KEY: policy, PLAN: plan},
        extensions=[Doorman(policy)],
    )


def follow(
    resolver: Callable[..., Any],
    graph_type: Any,
    needs: Permission | None,
    description: str,
    *,
    personal: bool = False,
    plan: Plan | None = None,
) -> Any:
    """A field of the subscription root; the resolver asks for the permission, again and again."""
    return strawberry.subscription(
        resolver,
        graphql_type=graph_type,
        description=description,
        metadata={KEY: policy_of(needs), PERSONAL: personal, PLAN: plan},
    )
