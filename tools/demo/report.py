"""What a demo leaves beside its documents: `report.json`, and the last lines that it prints."""

import asyncio
import json
from pathlib import Path
from typing import Any

from rich.console import Console


def fault(report: dict[str, Any], error: Exception) -> None:
    """Write into the report what went wrong, whatever it was."""
    report["errors"].append(f"{type(error).__name__}: {str(error)[:2000]}")


async def write(out: Path, report: dict[str, Any]) -> Path:
    """Write `out`/report.json; where it is."""
    path = out / "report.json"
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    await asyncio.to_thread(path.write_text, text, "utf-8")
    return path


def tell(console: Console, report: dict[str, Any], summary: str) -> None:
    """Print the errors, then whether it was verified, with a line of what was done."""
    for told in report["errors"]:
        console.print(f"[red]error[/] {told}", highlight=False)
    verdict = "[green]verified[/]" if report["ok"] else "[red]not verified[/]"
    console.print(f"{verdict}: {summary}")
