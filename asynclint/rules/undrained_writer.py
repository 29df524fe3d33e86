from collections.abc import Iterator

from asynclint.rule import Body, Default, Problem, rule
from asynclint.rule.draining import piping, undrained_write, unfinished_close, unread_pipes, writers


@rule(
    code="ASL807",
    wants=piping(),
    pitfall="https://docs.python.org/3/library/asyncio-stream.html#asyncio.StreamWriter.write",
    default=Default.INFO,
)
def undrained_writer(body: Body) -> Iterator[Problem]:
    """A stream is written to, closed or left full, and nobody waits until the other side has taken the data.

    `StreamWriter.write()` only puts data into a buffer. Where the other side reads slowly the buffer grows without a
    limit, unless `drain()` is awaited now and then. `close()` only begins to close; what is left in the buffer is sent
    later, or never when the program ends first, unless `wait_closed()` is awaited. The same happens the other way round
    between a process and its pipe: once the pipe is full the process stops, and `wait()` never returns.

    ## Bad

    ```python
    import asyncio

    async def output_size(program):
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        await process.wait()  # ASL807
        return len(await process.stdout.read())
    ```

    ```python
    import asyncio

    async def send(lines, host):
        reader, writer = await asyncio.open_connection(host, 7)
        for line in lines:
            writer.write(line)  # ASL807
        writer.close()  # ASL807
    ```

    ## Good

    ```python
    import asyncio

    async def output_size(program):
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        return len(output)
    ```

    ```python
    import asyncio

    async def send(lines, host):
        reader, writer = await asyncio.open_connection(host, 7)
        try:
            for line in lines:
                writer.write(line)
                await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()
    ```

    ## What to do

    Await `writer.drain()` after writing, and `writer.wait_closed()` after closing. Use `process.communicate()` instead
    of `process.wait()`, or read the pipes in a task of their own.

    ## Not reported

    Writes outside of loops, and in loops over a few written values; writers that are passed on, returned, stored,
    captured or whose transport is used, as the other code may wait; those kept in attributes; `close()` where nothing
    is written or all of it is drained, in an `except` and in tests; plain functions, which cannot await; processes that
    are killed first.
    """
    if not body.is_async:
        return
    for writer in writers(body):
        write, close = undrained_write(writer), unfinished_close(writer)
        if write is not None:
            grows = f"nothing waits until the other side has read what is written to `{writer.name}`"
            yield Problem(write, f"{grows}, so it piles up in memory; `await {writer.name}.drain()` after it")
        if close is not None and not body.is_test:
            ends = f"`{writer.name}.close()` only begins to close"
            lost = "and what is still to be sent is lost when the program ends first"
            yield Problem(close, f"{ends}, {lost}; `await {writer.name}.wait_closed()` after it")
    for name, pipes, wait in unread_pipes(body):
        never = f"`{name}.wait()` never returns once the process has filled its {pipes}, which nothing reads before"
        yield Problem(wait, f"{never}; use `await {name}.communicate()`")
