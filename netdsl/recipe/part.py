"""What a member of the vocabulary is, and how a value of a spec becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from netdsl.ir import Setting, written
from netdsl.ops.shared.words import words_of


class RecipeError(ValueError):
    """A recipe that cannot be: `code` is that of the message, `setting` the setting of `train` it is about.

    `known` are the names that could have been meant in place of `word`, for a suggestion.
    """

    def __init__(
        self, code: str, message: str, help: str | None = None, *, word: str = "", known: tuple[str, ...] = ()
    ):
        super().__init__(message)
        self.code, self.message, self.help, self.word, self.known = code, message, help, word, known


class Part(BaseModel):
    """One member of the vocabulary: `sgd(lr=0.1)`. Its fields are its settings, in positional order.

    - `name`: what a spec calls it.
    - `aliases`: other names that it goes by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The settings in positional order: its own, then those that all of its kind have."""
        own = [key for key in cls.model_fields if key in cls.__annotations__]
        return (*own, *(key for key in cls.model_fields if key not in own))

    @classmethod
    def made(cls, setting: Setting) -> Self:
        """The part with these settings, positional and named. Raises `RecipeError`."""
        names = cls.names()
        if len(setting.args) > len(names):
            count = f"{len(names)} setting{'s' if len(names) != 1 else ''}" if names else "no settings"
            most = f"at most {count}" if names else count
            raise RecipeError("E0403", f"`{cls.name}` takes {most}", ", ".join(names) or None)
        given: dict[str, Any] = dict(zip(names, setting.args, strict=False))
        for key, item in setting.kwargs.items():
            if key not in names:
                raise RecipeError("E0401", f"`{cls.name}` has no setting `{key}`", word=key, known=names)
            if key in given:
                raise RecipeError("E0402", f"`{key}` of `{cls.name}` is given twice")
            given[key] = item
        try:
            return cls.model_validate(given)
        except ValidationError as problem:
            raise cls._refusal(given, problem) from None

    @classmethod
    def _refusal(cls, given: Mapping[str, Any], problem: ValidationError) -> RecipeError:
        error = problem.errors(include_url=False)[0]
        inner = error.get("ctx", {}).get("error")
        if isinstance(inner, RecipeError):  # of a part in this part
            return inner
        key = str(error["loc"][0]) if error["loc"] else ""
        if error["type"] == "missing":
            return RecipeError("E0404", f"`{cls.name}` needs its {key}", f"write `{cls.name}({key}=...)`")
        message, _, way_out = error["msg"].removeprefix("Value error, ").partition("; ")
        if not key:
            return RecipeError("E0405", f"`{cls.name}`: {message}", way_out or None)
        wanted = words_of(cls.model_fields[key])
        return RecipeError("E0405", f"`{key}` of `{cls.name}` (={written(given[key])}) must be {wanted}")

    @property
    def setting(self) -> Setting:
        """It as a spec writes it, with what is not a default: `crop(32, pad=4)`."""
        fields = type(self).model_fields
        given = {
            key: _plain(getattr(self, key))
            for key in self.names()
            if fields[key].is_required() or getattr(self, key) != fields[key].default
        }
        first = next(iter(given), None)
        bare = first is not None and first == self.names()[0] and isinstance(self, self.bare())
        args = (given.pop(first),) if first is not None and bare else ()
        return Setting(name=self.name, args=args, kwargs=given)

    @classmethod
    def bare(cls) -> type | tuple[type, ...]:
        """For which members the first setting is written without its name."""
        return ()


def _plain(value: Any) -> Any:
    """A value of a part as a spec writes it; parts in it as their settings."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.setting if isinstance(value, Part) else value


def members(module: ModuleType, base: type[Part]) -> Mapping[str, type[Part]]:
    """The parts of a kind by name, in the order of their file."""
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, base)]
    return {each.name: each for each in found if each is not base}


def chosen(kind: str, known: Mapping[str, type[Part]], value: Any) -> Part:
    """A value of a spec, `sgd(lr=0.1)` or a bare word, as one of the `known` parts of a kind. Raises `RecipeError`."""
    setting = value if isinstance(value, Setting) else Setting(name=value) if isinstance(value, str) else None
    word = setting.name if setting else written(value)
    named = {alias: cls for cls in known.values() for alias in (cls.name, *cls.aliases)}
    cls = named.get(word.lower()) if setting else None
    if cls is None or setting is None:
        message = f"`{kind}` (={word}) must be one of {', '.join(known)}"
        raise RecipeError("E0405", message, word=word, known=tuple(known))
    return cls.made(setting)
