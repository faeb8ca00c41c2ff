"""The operator's file of providers, and what never starts in production."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import settings
from auth.identity import profile, provider
from auth.identity.profile import ProfileError
from settings import Settings, SettingsError
from tools.identity import stand_in

GOOD = """
[[provider]]
id = "uaepass"
profile = "uae_pass"
issuer = "https://stg-id.uaepass.example/idshub"
client_id = "court"
client_secret_file = "{secret}"
[provider.endpoints]
authorization = "https://stg-id.uaepass.example/idshub/authorize"
token = "https://stg-id.uaepass.example/idshub/token"
user_info = "https://stg-id.uaepass.example/idshub/userinfo"
jwks = "https://stg-id.uaepass.example/idshub/jwks"
end_session = "https://stg-id.uaepass.example/idshub/logout"

[[provider]]
id = "other"
profile = "generic"
issuer = "https://login.example"
client_id = "court"
algorithm = "RS256"
hosts = ["keys.login.example"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n", "utf-8")
    path = tmp_path / "identity.toml"
    path.write_text(GOOD.format(secret=secret), "utf-8")
    return path


def production(file: Path | None = None) -> Settings:
    return Settings(
        mode="production",
        key_passphrase="x",
        identity_file=file,
        identity_client_secret="from the environment",
    )


def test_a_good_file_is_read(file: Path) -> None:
    uae, other = provider.load(production(file))
    assert uae.client_secret == "from a file"
    assert other.client_secret == "from the environment"
    assert (uae.algorithm, other.algorithm) == ("RS256", "RS256")
    assert other.allows("https://keys.login.example/jwks")
    assert not other.allows("https://evil.example/jwks")
    shown = repr((uae, other, production(file)))
    assert "from a file" not in shown
    assert "from the environment" not in shown


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('issuer = "https://login.example"', 'issuer = "http://login.example"'),
        ('id = "other"', 'id = "uaepass"'),
        ('id = "other"', 'id = "Other/../x"'),
        ('id = "other"', 'id = "other"\nstand_in = true'),
        ('id = "other"', 'id = "other"\nstand_in = "no"'),
        ('id = "other"', 'id = "other"\nclient_secret = "in the file"'),
        ('algorithm = "RS256"', 'algorithm = "HS256"'),
        ('algorithm = "RS256"', 'algorithm = "none"'),
        ('profile = "generic"', 'profile = "../generic"'),
        ('profile = "generic"', 'profile = "unknown"'),
        ("uaepass.example/idshub/token", "uaepass.example@evil.example/token"),
        ("https://stg-id.uaepass.example/idshub/jwks", "https://evil.example/jwks"),
        ("[provider.endpoints]", "[provider.other]"),
        ("[[provider]]", "[[providers]]"),
        ("client_secret_file", "# client_secret_file"),
    ],
)
def test_a_wrong_file_ends_the_start(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    given = production(file)
    if "secret_file" in old:
        given = replace(given, identity_client_secret="")
    with pytest.raises(SettingsError, match="MAHDAR_IDENTITY_FILE"):
        provider.load(given)


def test_production_refuses_a_stand_in_however_it_comes() -> None:
    one = stand_in.provider("http://localhost:9")
    assert provider.load(Settings(mode="demo"), [one]) == (one,)
    with pytest.raises(SettingsError, match="demo mode only"):
        provider.load(production(), [one])
    with pytest.raises(SettingsError, match="https"):
        provider.load(production(), [replace(one, stand_in=False)])
    given = {"MAHDAR_KEY_PASSPHRASE": "x", "MAHDAR_IDENTITY_STAND_IN": "yes"}
    with pytest.raises(SettingsError, match="demo mode only"):
        settings.load(given)
    assert not settings.load({"MAHDAR_KEY_PASSPHRASE": "x"}).stand_in
    assert settings.load({"MAHDAR_MODE": "demo"}).stand_in


@pytest.mark.parametrize("mode", ["production", ""])
def test_the_stand_in_itself_refuses_production(mode: str) -> None:
    done = subprocess.run(
        [stand_in.node(), str(stand_in.PROGRAM)],
        env={"MAHDAR_MODE": mode},
        input="{}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "demo mode only" in done.stderr


async def test_the_production_house_opens_no_stand_in(tmp_path: Path) -> None:
    import app
    import migrate

    given = replace(production(), data_dir=tmp_path)
    await asyncio.to_thread(migrate.upgrade, given.database)
    house = app.House(given, stand_in=stand_in.provider("http://localhost:9"))
    with pytest.raises(SettingsError, match="demo mode only"):
        await house.open()
    await house.database.close()


def test_profiles_are_data_and_are_checked() -> None:
    names = {path.stem for path in profile.FOLDER.glob("*.toml")}
    assert names == {"generic", "uae_pass"}
    for name in names:
        assert profile.load(name).id == name
    for name in ("../generic", "", "nobody"):
        with pytest.raises(ProfileError):
            profile.load(name)
