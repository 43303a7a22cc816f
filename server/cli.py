"""guiche: everything that is done from a command line.

This page says what there is; each command lives in a module of `server.commands` that is loaded,
by its name, when the command is given. So help comes at once, although the code takes a second.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.words import Network, Role

app = typer.Typer(
    name="guiche",
    help="Guichê, the GraphQL backend for customer care. Settings come from the environment: "
    "DATABASE_URL, REDIS_URL, SECRET_KEY, GUICHE_ENV and others.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
workspace_app = typer.Typer(help="Client companies of this installation.", no_args_is_help=True)
user_app = typer.Typer(help="The people of a workspace.", no_args_is_help=True)
key_app = typer.Typer(help="API keys of a workspace.", no_args_is_help=True)
app.add_typer(workspace_app, name="workspace")
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")


Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on.", min=1, max=65535)]
Workspace = Annotated[
    str | None, typer.Option(help="The workspace's name, where there are several.")
]


@app.command()
def run(
    host: Host = None,
    port: Port = None,
    simulate: Annotated[
        bool, typer.Option("--simulate/--still", help="Whether messages keep coming in.")
    ] = True,
) -> None:
    """Everything at once, for a first look: migrate, fill with a demo, serve."""
    _do("showing", "run", host, port, simulate)


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Answer requests. With SQLite this is all there is to start."""
    _do("serving", "serve", host, port)


@app.command()
def work() -> None:
    """Do what becomes due: leases that end, tickets that wake. For PostgreSQL, beside serve."""
    _do("working", "work")


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Several at once are fine."""
    _do("database", "migrate")


@workspace_app.command("add")
def add_workspace(
    name: Annotated[str, typer.Argument(help="The company's name.")],
) -> None:
    """Found a workspace, with the usual ticket types and a level for what has no other."""
    _do("people", "add_workspace", name)


@user_app.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="The e-mail they sign in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.", case_sensitive=False)],
    workspace: Workspace = None,
    name: Annotated[str | None, typer.Option(help="Their name; else from the e-mail.")] = None,
    password: Annotated[
        str,
        typer.Option(
            envvar="GUICHE_PASSWORD",
            help="Better left out: it is asked for, or taken from GUICHE_PASSWORD.",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            hidden=True,
        ),
    ] = "",
) -> None:
    """Add a person. The password is asked for twice, or taken from GUICHE_PASSWORD."""
    _do("people", "add_user", email, role.value, workspace, name, password)


@key_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scopes: Annotated[
        str, typer.Option(help="ingest, read, protocol, or several with commas; or display, alone.")
    ],
    levels: Annotated[
        list[str] | None,
        typer.Option(
            "--level", help="A level of a display or of a partner, by name; say it again."
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Make an API key. Its secret is printed now and can never be read again."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    _do("people", "add_key", name, wanted, levels or [], workspace)


@app.command()
def demo(
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Keep posts coming until stopped.")
    ] = False,
) -> None:
    """Fill an empty database with a company to look at. Refused in production."""
    _do("showing", "fill", simulate)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(help="CSV or JSON lines, gzipped or not.", exists=True, dir_okay=False),
    ],
    map_file: Annotated[
        Path,
        typer.Option("--map", help="What the columns mean, in TOML.", exists=True, dir_okay=False),
    ],
    workspace: Workspace = None,
    account: Annotated[
        str | None, typer.Option(help="The account that conversations without one belong to.")
    ] = None,
    create_accounts: Annotated[
        bool, typer.Option("--create-accounts", help="Make accounts that do not exist yet.")
    ] = False,
    network: Annotated[
        Network | None, typer.Option(help="The network of those accounts; else WEB.")
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(help="Where to list what was refused; else beside the file.", dir_okay=False),
    ] = None,
) -> None:
    """Take in another helpdesk's conversations. Run again, it adds only what is new."""
    named = network.value if network else None
    _do(
        "importing",
        "import_file",
        file,
        map_file,
        workspace,
        account,
        create_accounts,
        named,
        refused,
    )


@app.command()
def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare with graph/schema.graphql.")
    ] = False,
) -> None:
    """Print the GraphQL schema."""
    _do("describing", "print_schema", check)


@app.command()
def restored() -> None:
    """Say that the database came out of a backup, before anything is started on it."""
    _do("database", "restored")


@app.command()
def check() -> None:
    """Look over the database, Redis and the secret key, and say what is not right."""
    _do("database", "check")


@app.command(hidden=True)
def settings() -> None:
    """Print every setting as a table."""
    _do("describing", "print_settings")


def _do(module: str, name: str, *asked: Any) -> None:
    getattr(import_module(f"server.commands.{module}"), name)(*asked)
