//! What befalls a scripted machine behind the back of whoever talks to it.

use super::{Fate, Job, LinkTrouble, Play, ReceiptState, Scripted};

impl Scripted {
    /// Every call fails with this trouble until it is set to `None`.
    pub fn down(&self, trouble: Option<LinkTrouble>) {
        self.play().down = trouble;
    }

    /// Whether no call comes back, for as long as this is so.
    pub fn hang(&self, hangs: bool) {
        self.befall(|play| play.hangs = hangs);
    }

    /// Whoever follows something looks again, and so notices what has changed.
    pub fn wake(&self) {
        self.0.changed.notify_waiters();
    }

    /// Whether its spool takes no more, so that nothing can be fenced off.
    pub fn full(&self, full: bool) {
        self.play().no_fence = full;
    }

    /// The spool is wiped and made anew. What runs goes on, and no receipt tells of it; what has not begun
    /// finds no place for its fence, and never does.
    pub fn wipe(&self) {
        self.befall(|play| {
            play.wiped += 1;
            play.jobs.clear();
        });
    }

    /// The machine restarts: what ran is lost.
    pub fn restart(&self) {
        self.befall(|play| {
            play.boots += 1;
            for job in play.jobs.values_mut() {
                job.pass_time();
                if let Fate::Claimed | Fate::Runs(_) = job.fate {
                    job.fate = Fate::Lost;
                }
            }
        });
    }

    /// The machine loses its power: what ran is lost, and no receipt had reached its disk.
    pub fn lose_power(&self) {
        self.restart();
        self.befall(|play| play.jobs.clear());
    }

    /// The keepers of receipts are killed: what runs leaves no status, and what is claimed never begins.
    pub fn lose_keepers(&self) {
        self.befall(|play| {
            for job in play.jobs.values_mut() {
                match job.fate {
                    Fate::Claimed => job.fate = Fate::Revoked,
                    Fate::Runs(_) => job.fate = Fate::Lost,
                    Fate::Ended | Fate::Revoked | Fate::Lost | Fate::Gone => {}
                }
            }
        });
    }

    /// So much time passes that the names of what was acknowledged or revoked are free again.
    pub fn sweep(&self) {
        self.befall(|play| {
            let free = |fate| matches!(fate, Fate::Gone | Fate::Revoked);
            play.jobs.retain(|_, job| !free(job.fate));
        });
    }

    /// It forgets every start, and does not know that it has: what no machine may do, for controls.
    pub fn forget(&self) {
        self.befall(|play| play.jobs.clear());
    }

    /// What is held up goes on: a start arrives, a claimed command begins. One that was fenced off, whose
    /// spool is another or whose name is taken comes to nothing.
    pub fn go_on(&self) {
        self.befall(|play| {
            for (claim, script) in std::mem::take(&mut play.held) {
                let reply = play.reply(&script);
                let fate = play.jobs.get(&claim.token).map(|job| job.fate);
                match (play.state(&claim), fate) {
                    (ReceiptState::None, _) => drop(play.claim(&claim, &script, &reply)),
                    (_, Some(Fate::Claimed)) => play.begin(&claim, &script, &reply),
                    _ => {}
                }
            }
        });
    }

    /// How many starts are held up.
    pub fn held(&self) -> usize {
        self.play().held.len()
    }

    /// How many receipts were acknowledged, so that only their names are left.
    pub fn forgotten(&self) -> usize {
        let gone = |job: &&Job| job.fate == Fate::Gone;
        self.play().jobs.values().filter(gone).count()
    }

    /// What runs says so many bytes more of what it has paused in.
    pub fn grow(&self, bytes: usize) {
        self.befall(|play| {
            for job in play.jobs.values_mut() {
                if let Fate::Runs(_) = job.fate {
                    let more = bytes.min(job.rest.len());
                    job.output.extend(job.rest.drain(..more));
                }
            }
        });
    }

    /// What runs ends as its reply says.
    pub fn finish(&self) {
        self.befall(|play| {
            for job in play.jobs.values_mut() {
                if let Fate::Runs(_) = job.fate {
                    job.end();
                }
            }
        });
    }

    fn befall(&self, what: impl FnOnce(&mut Play)) {
        what(&mut self.play());
        self.0.changed.notify_waiters();
    }
}
