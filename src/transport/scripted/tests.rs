use super::super::{Host, Shell};
use super::*;

fn sh(text: &str) -> Script {
    Script::new(Shell::Sh, text).unwrap()
}

async fn claim(host: &Host, token: &str) -> Claim {
    let nonce = host.survey().await.unwrap().nonce().unwrap().clone();
    Claim::new(Token::new(token).unwrap(), nonce)
}

#[tokio::test]
async fn a_lost_link_leaves_what_was_asked_for() {
    for (then, state, starts) in [
        (Then::Nothing, ReceiptState::None, 0),
        (Then::Runs, ReceiptState::Running { bytes: 4 }, 1),
        (Then::Ended, ReceiptState::Exited { code: 3, bytes: 4 }, 1),
    ] {
        let reply = Reply::exit(3)
            .stdout("abcd")
            .takes(Duration::from_millis(300))
            .loses_link(2, then);
        let play = Scripted::new().on("do", reply);
        let host = Host::scripted("h", play.clone());
        let claim = claim(&host, "t").await;
        let (out, mut pieces) = mpsc::channel(9);
        let error = host.start(&claim, &sh("do it"), out).await.unwrap_err();
        assert_eq!(error.trouble, LinkTrouble::Lost);
        assert_eq!(pieces.recv().await.unwrap().bytes, b"ab");
        assert_eq!(host.probe(&claim).await.unwrap(), state);
        assert_eq!(play.starts(&claim.token), starts);
        let (out, _pieces) = mpsc::channel(9);
        let settled = host.start(&claim, &sh("do it"), out).await.unwrap();
        assert_eq!(settled, Settled::Exited { code: 3, bytes: 4 });
        assert_eq!(play.starts(&claim.token), 1);
    }
}

#[tokio::test]
async fn signals_restarts_and_wiped_spools_are_played() {
    let play = Scripted::new().on("wait", Reply::exit(0).until_signalled());
    let host = Host::scripted("h", play.clone());
    let first = claim(&host, "first").await;
    let (out, _pieces) = mpsc::channel(9);
    let script = sh("wait");
    let (settled, sent) = tokio::join!(host.start(&first, &script, out), async {
        tokio::task::yield_now().await;
        host.signal(&first, Signal::Term).await.unwrap()
    });
    assert_eq!(
        (settled.unwrap(), sent),
        (
            Settled::Exited {
                code: 143,
                bytes: 0
            },
            Signalled::Sent
        )
    );
    let second = claim(&host, "second").await;
    play.restart();
    assert!(matches!(
        host.probe(&second).await.unwrap(),
        ReceiptState::Lost { .. }
    ));
    play.wipe();
    assert!(matches!(
        host.probe(&first).await.unwrap(),
        ReceiptState::Lost { .. }
    ));
    play.down(Some(LinkTrouble::Unreachable));
    assert_eq!(
        host.survey().await.unwrap_err().trouble,
        LinkTrouble::Unreachable
    );
}

#[tokio::test]
async fn a_start_that_is_held_up_goes_on_unless_it_was_fenced_off() {
    for (held, fenced) in [
        (Held::OnTheWay, false),
        (Held::OnTheWay, true),
        (Held::Claimed, false),
        (Held::Claimed, true),
    ] {
        let script = sh("do");
        let play = Scripted::new().on("do", Reply::exit(0).held(held));
        let host = Host::scripted("h", play.clone());
        let claim = claim(&host, "t").await;
        let (out, _pieces) = mpsc::channel(9);
        let starting = timeout(Duration::from_millis(20), host.start(&claim, &script, out));
        starting.await.expect_err("it is held up");
        let before = match held {
            Held::OnTheWay => ReceiptState::None,
            Held::Claimed => ReceiptState::Running { bytes: 0 },
        };
        assert_eq!(host.probe(&claim).await.unwrap(), before);
        let signalled = host.signal(&claim, Signal::Term).await.unwrap();
        assert_eq!(signalled, Signalled::NotRunning);
        if fenced {
            let revoked = host.revoke(&claim).await.unwrap();
            assert_eq!(revoked, ReceiptState::Revoked);
        }
        play.go_on();
        assert_eq!(play.starts(&claim.token), usize::from(!fenced), "{held:?}");
        play.go_on();
        let (out, _pieces) = mpsc::channel(9);
        let settled = host.start(&claim, &script, out).await.unwrap();
        match fenced {
            true => assert_eq!(settled, Settled::Revoked),
            false => assert!(matches!(settled, Settled::Exited { .. })),
        }
        assert_eq!(play.starts(&claim.token), usize::from(!fenced), "{held:?}");
    }
}
