//! What the abilities beyond computing are for works in a sealed child, and nothing that looks like it.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use common::sandbox::User;
use common::sandbox::runner::{Runner, Setup};
use serde_json::json;

/// What programs do with an event loop, through the whole runner.
#[tokio::test]
async fn event_loops_run_where_asyncio_is_allowed() {
    const CODE: &str = r"
import asyncio, time

async def main():
    await asyncio.sleep(0.01)
    gathered = await asyncio.gather(*(later(n) for n in range(5)))
    threaded = await asyncio.to_thread(lambda: time.sleep(0.01) or 'thread')
    queue = asyncio.Queue(maxsize=2)
    async def produce():
        for n in range(20):
            await queue.put(n)
        await queue.put(None)
    async def consume():
        got = []
        while (n := await queue.get()) is not None:
            got.append(n)
        return got
    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        consumer = group.create_task(consume())
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except TimeoutError:
        timed_out = True
    soon = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon_threadsafe(soon.set_result, 'woken')
    return [gathered, threaded, sum(consumer.result()), timed_out, await soon]

async def later(n):
    await asyncio.sleep(0.001 * n)
    return n

first = asyncio.run(main())
second = asyncio.run(main(), debug=True)
return [{'json': {'same': first == second, 'got': first}}]
";
    for user in User::all() {
        for setup in [Setup::new(user).stdlib("asyncio,time"), Setup::new(user).everything()] {
            let runner = Runner::start(setup.unjudged()).await;
            let want = json!([{"json": {"same": true, "got": [[0, 1, 2, 3, 4], "thread", 190, true, "woken"]}}]);
            assert_eq!(runner.task(CODE, &json!([])).await, Ok(want), "{user:?}");
        }
    }
}
