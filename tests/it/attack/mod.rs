//! What an attacker would try: guesses side by side, requests that are none, names that look like others.

mod guessing;
mod heads;
mod names;
mod races;
mod strange;
mod target;
mod wire;
