import time
from pathlib import Path
from rich.console import Console
from patungan.operations.progress import Progress
from patungan.operations.seed import seed
from tests.house import House
from tests.operations.stacks import stack_of
from tests.books import assert_books_whole

async def test_seed(one_house: House, tmp_path: Path) -> None:
    stack = stack_of(one_house, tmp_path)
    for _ in range(2):
        t=time.monotonic()
        await seed(stack, Progress(Console(force_terminal=False)))
        print("TOOK", time.monotonic()-t)
        await assert_books_whole(one_house)
