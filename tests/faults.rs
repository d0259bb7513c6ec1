//! Breaks what a night breaks, on purpose and often: engines, disks, links, transfers, clients.
//!
//! Every test here says what it tried and what it found, and has a control: the same test over an engine,
//! a disk or a machine that is broken on purpose, which it must catch. `RUNSHEET_FAULTS` sets the size:
//! nothing for some minutes, `torture` for up to an hour, a number for so many times that.
//!
//! `docs/reliability.md` has the promises that these tests hold the program to.

#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/dice.rs"]
mod dice;
#[path = "faults/failing.rs"]
mod failing;
#[path = "faults/flood.rs"]
mod flood;
#[path = "faults/hands.rs"]
mod hands;
#[path = "faults/injected.rs"]
mod injected;
#[path = "faults/kills.rs"]
mod kills;
#[path = "faults/links.rs"]
mod links;
#[path = "faults/opening.rs"]
mod opening;
#[path = "faults/order.rs"]
mod order;
#[path = "faults/proxy.rs"]
mod proxy;
#[path = "faults/restless.rs"]
mod restless;
#[path = "faults/rig.rs"]
mod rig;
#[path = "faults/room.rs"]
mod room;
#[path = "faults/sim/mod.rs"]
mod sim;
#[path = "faults/size.rs"]
mod size;
#[path = "sshd/mod.rs"]
mod sshd;
#[path = "faults/swaps.rs"]
mod swaps;
#[path = "faults/witness.rs"]
mod witness;
