use tokio::net::UnixListener;

use super::*;
use crate::client::Client;
use crate::run::Intent;

/// An engine that hears one hello, says goodbye and is gone; nobody answers after it.
async fn goodbye(listener: UnixListener) {
    let (mut stream, _) = listener.accept().await.unwrap();
    wire::read::<ToEngine>(&mut stream).await.unwrap();
    let why = "the run has ended".to_owned();
    let last = FromEngine::Goodbye { why };
    wire::write(&mut stream, &last).await.unwrap();
}

#[tokio::test]
async fn a_goodbye_is_heard_by_whoever_wishes_something_at_the_same_moment() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..50 {
        let socket = folder.path().join(number.to_string());
        let engine = tokio::spawn(goodbye(UnixListener::bind(&socket).unwrap()));
        let name = "ana".to_owned();
        let (client, mut updates) = Client::connect(Attach {
            socket,
            name,
            watch: false,
        });
        engine.await.unwrap();
        client.wish(Intent::Note {
            step: None,
            text: "a note".into(),
        });
        let (why, last) = loop {
            if let Update::Disconnected { why, last } = updates.recv().await.unwrap() {
                break (why, last);
            }
        };
        assert!(last, "{number}: {why}");
    }
}
