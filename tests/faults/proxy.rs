//! What stands between a client and its server, and breaks on demand: it resets connections, lets everything
//! vanish, or cuts a transfer at one byte.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way from a port of its own to another. It ends with the runtime that it was made in.
pub struct Proxy {
    pub port: u16,
    way: Arc<Way>,
}

struct Way {
    to: u16,
    /// Counts the orders to reset all connections there are.
    resets: watch::Sender<u64>,
    /// Whether everything vanishes.
    hole: watch::Sender<bool>,
    /// How many bytes of the client still pass before its connection is reset; negative where all do.
    left: AtomicI64,
    /// How many connections were reset in the middle of what a client sent.
    cut: AtomicU64,
}

impl Proxy {
    pub async fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self {
            port: listener.local_addr()?.port(),
            way: Arc::new(Way {
                to: port,
                resets: watch::Sender::new(0),
                hole: watch::Sender::new(false),
                left: AtomicI64::new(-1),
                cut: AtomicU64::new(0),
            }),
        };
        let way = proxy.way.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let way = way.clone();
                // A connection that breaks is what this is for.
                tokio::spawn(async move { way.carry(client).await.ok() });
            }
        });
        Ok(proxy)
    }

    /// Resets every connection there is.
    pub fn reset(&self) {
        self.way.resets.send_modify(|count| *count += 1);
    }

    /// Lets everything vanish, or, after a while in which it did, go through: also what was sent meanwhile, as
    /// a network does that was only interrupted.
    pub fn hole(&self, is: bool) {
        self.way.hole.send_replace(is);
    }

    /// Resets a connection after so many more bytes of its client, and no byte further.
    pub fn cut_after(&self, bytes: u16) {
        self.way.left.store(bytes.into(), Ordering::SeqCst);
    }

    /// Cuts no more; gives how often a client was cut short.
    pub fn cuts(&self) -> u64 {
        self.way.left.store(-1, Ordering::SeqCst);
        self.way.cut.load(Ordering::SeqCst)
    }
}

impl Way {
    /// Carries bytes both ways until one side closes, or until it is reset.
    async fn carry(&self, client: TcpStream) -> io::Result<()> {
        let (mut resets, mut hole) = (self.resets.subscribe(), self.hole.subscribe());
        let server = TcpStream::connect(("127.0.0.1", self.to)).await?;
        for side in [&client, &server] {
            side.set_nodelay(true)?;
        }
        let mut piece = vec![0; 16 * 1024];
        loop {
            let vanishes = *hole.borrow_and_update();
            tokio::select! {
                _ = resets.changed() => return reset(&client, &server),
                _ = hole.changed() => {}
                ready = client.readable(), if !vanishes => {
                    ready?;
                    match client.try_read(&mut piece) {
                        Ok(0) => return Ok(()),
                        Ok(read) => {
                            let passes = self.passes(read);
                            write(&server, &piece[..passes]).await?;
                            if passes < read {
                                self.cut.fetch_add(1, Ordering::SeqCst);
                                return reset(&client, &server);
                            }
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                }
                ready = server.readable(), if !vanishes => {
                    ready?;
                    match server.try_read(&mut piece) {
                        Ok(0) => return Ok(()),
                        Ok(read) => write(&client, &piece[..read]).await?,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// How many of so many bytes of a client go through.
    fn passes(&self, read: usize) -> usize {
        let wanted = i64::try_from(read).unwrap_or(i64::MAX);
        let take = |left: i64| (left >= 0).then(|| if wanted > left { -1 } else { left - wanted });
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
        {
            Ok(left) => usize::try_from(left).unwrap_or(0).min(read),
            Err(_) => read,
        }
    }
}

async fn write(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes the end of both connections a reset: with no time to linger, closing sends RST (socket(7)).
fn reset(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    client.set_zero_linger()?;
    server.set_zero_linger()
}
