//! Takes connections and opens a door for each, in a task of its own.
//!
//! Beside the actor and not within its task: while the disk hangs the actor does nothing else, and somebody
//! who comes just then must be let in to see that.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::door::{self, House};
use super::mutter::mutter;

/// How many connections an engine has at most.
const CLIENTS: usize = 64;

/// How long connections have for their last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Returns once the house closes, or is gone.
async fn closed(closing: &mut watch::Receiver<Option<String>>) {
    let _ = closing.wait_for(Option::is_some).await;
}

/// Lets people in until the house closes, and waits for their leave.
pub(super) async fn receive(house: Arc<House>, listener: Arc<UnixListener>) {
    let mut doors = JoinSet::new();
    let mut closing = house.closing.clone();
    loop {
        tokio::select! {
            () = closed(&mut closing) => break,
            taken = listener.accept() => match taken {
                Ok((stream, _)) if doors.len() < CLIENTS => {
                    doors.spawn(door::serve(house.clone(), stream));
                }
                Ok(_) => mutter(&format!("more than {CLIENTS} connections; one was refused")),
                Err(error) => {
                    mutter(&format!("take a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = doors.join_next() => {}
        }
    }
    let last_words = async { while doors.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORDS, last_words).await.is_err() {
        mutter("a client did not take its leave in time");
    }
}
