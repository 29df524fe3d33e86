"""Nothing is wrong here."""

import unittest


class StoreTest(unittest.IsolatedAsyncioTestCase):
    async def test_store(self):
        self.assertTrue(await self.store())

    async def store(self):
        return True
