"""Every failure that a person may see.

    BanyanError
    ├── InputError            what was sent cannot be used
    │   ├── ContextOverflow   the prompt does not fit into the model's context
    │   └── UsageError        what a command line asks for cannot be done
    ├── SettingsError         an option, a BANYAN_ variable or their combination is wrong
    ├── ModelError            the model's files cannot be used
    │   ├── ModelNotFound     nothing is there under that name
    │   ├── ModelDamaged      the file is there but truncated, altered or not a model
    │   └── HubUnavailable    the model hub cannot be reached
    ├── AdapterError          a LoRA adapter cannot be used
    │   └── AdapterNotFound   no adapter has that name
    ├── EngineError           the engine failed while it worked on one request
    │   ├── EngineUnavailable the engine or its server does not answer
    │   ├── EngineBusy        too many requests wait already
    │   └── ModelLoading      the model is not in memory yet
    ├── Stopped               the person stopped the work
    ├── NotFound              no such thing, or it belongs to somebody else
    ├── AccessDenied          not signed in, a wrong key, or too many tries
    └── StoreError            the database, or the bucket, cannot keep what it was given
        ├── StoreFull         the disk is full
        └── StoreUnavailable  it does not answer now

The message is one or two plain English sentences: what happened, and what to do next. `kind` names the sentence and
`details` holds its figures, so that the page can say the same in another language (`error.KIND` in
`chatbot/ui/strings`); `code` is what programs go by, and `status` the HTTP status that fits. Plain values in `details`
and the kind survive the way out of a child process.
"""


class BanyanError(Exception):
    """The root of the tree. `str(error)` is fit to show to a person."""

    code = "error"
    status = 500
    kind = ""  # set by classes that always say the same; of the others every error is given its own

    def __init__(self, message: str, *, kind: str = "", **details: object) -> None:
        super().__init__(message)
        self.kind = kind or self.kind
        self.details = details

    @property
    def figures(self) -> dict[str, object]:
        """The details that can be written down as JSON."""
        return {name: value for name, value in self.details.items() if isinstance(value, str | int | float)}


def internal_error() -> BanyanError:
    """For a mistake of ours, whose traceback stands in the log."""
    return BanyanError(
        "Something went wrong inside Banyan; the log says what. Nothing that was saved is lost.", kind="internal"
    )


class InputError(BanyanError):
    code = "invalid_input"
    status = 400


class ContextOverflow(InputError):
    """Details: `prompt`, `window` (tokens), where they are known."""

    code = "context_overflow"


class UsageError(InputError):
    """Printed where the command was typed, in English: no page ever shows it."""

    kind = "usage"


class SettingsError(BanyanError):
    """Printed where the server was started, in English, before there is a page."""

    kind = code = "invalid_settings"
    status = 400


class ModelError(BanyanError):
    code = "model_error"
    status = 503


class ModelNotFound(ModelError):
    code = "model_not_found"


class ModelDamaged(ModelError):
    code = "model_damaged"


class HubUnavailable(ModelError):
    code = "hub_unavailable"


class AdapterError(BanyanError):
    code = "adapter_error"
    status = 400


class AdapterNotFound(AdapterError):
    """Details: `name`."""

    kind = code = "adapter_not_found"
    status = 404


class EngineError(BanyanError):
    code = "engine_error"
    status = 500


class EngineUnavailable(EngineError):
    code = "engine_unavailable"
    status = 503


class EngineBusy(EngineError):
    """Details: `waiting`."""

    kind = code = "engine_busy"
    status = 429


class ModelLoading(EngineError):
    """Details: `step`."""

    kind = code = "model_loading"
    status = 503


class Stopped(BanyanError):
    """Whoever set the `stop` event, or asked for it otherwise, need not be told; whoever looks on may be."""

    code = "cancelled"
    status = 400
    kind = "cancelled"


class NotFound(BanyanError):
    code = "not_found"
    status = 404


class AccessDenied(BanyanError):
    code = "access_denied"
    status = 401


class StoreError(BanyanError):
    code = "store_error"
    status = 500


class StoreFull(StoreError):
    code = "store_full"
    status = 507


class StoreUnavailable(StoreError):
    """Details: `path`, `reason`."""

    kind = code = "store_unavailable"
    status = 503
