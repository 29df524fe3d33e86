from collections.abc import Iterator

from asynclint.rule import Body, InTests, Problem, blocking_calls, rule
from asynclint.rule.blocking import blocking_problems


@rule(
    code="ASL204",
    wants=blocking_calls("ASL204"),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    on_anyio=True,
    in_tests=InTests.SILENT,
)
def blocking_database(body: Body) -> Iterator[Problem]:
    """A coroutine that asks a database or a broker with a synchronous driver stops the event loop until it answers.

    `sqlite3`, `psycopg2`, `pymysql`, `redis.Redis`, `pymongo`, the synchronous `Session` of SQLAlchemy and the like
    wait in the thread of the event loop. One slow query, or one lock held by somebody else, stops every other task.

    ## Bad

    ```python
    import sqlite3

    async def names():
        connection = sqlite3.connect("people.db")  # ASL204
        return connection.execute("select name from people")  # ASL204
    ```

    ```python
    from sqlalchemy.orm import Session

    async def save(session: Session, user):
        session.add(user)
        session.commit()  # ASL204
    ```

    ## Good

    ```python
    import aiosqlite
    from sqlalchemy.ext.asyncio import AsyncSession

    async def names():
        async with aiosqlite.connect("people.db") as connection:
            return await connection.execute_fetchall("select name from people")

    async def save(session: AsyncSession, user):
        session.add(user)
        await session.commit()
    ```

    ## What to do

    Use the asynchronous driver that the message names. Where there is none, do the whole exchange with the database
    in one plain function and hand that to `asyncio.to_thread`.

    ## Not reported

    Building a query, closing a connection, objects whose class is not known, functions handed on without being
    called.
    """
    yield from blocking_problems(body, "ASL204", "waits for the database")
