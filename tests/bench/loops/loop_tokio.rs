// SPDX-License-Identifier: MIT
//! The event-loop client on tokio, one thread. See loop.h.
use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const REQUESTS: u32 = 2;

async fn job(number: usize, port: u16) -> Result<(), String> {
    let text = |e: std::io::Error| e.to_string();
    let mut s = TcpStream::connect(("127.0.0.1", port)).await.map_err(text)?;
    for made in 0..REQUESTS {
        let request = format!(
            "GET http://auth407.test/ HTTP/1.1\r\nHost: auth407.test\r\n\
             X-Job: {number}-{made}\r\n\r\n"
        );
        s.write_all(request.as_bytes()).await.map_err(text)?;
        let mut got = Vec::new();
        let mut piece = [0u8; 65536];
        loop {
            let whole = String::from_utf8_lossy(&got).to_lowercase();
            if let Some(end) = whole.find("\r\n\r\n") {
                let length = whole
                    .split("\r\ncontent-length:")
                    .nth(1)
                    .and_then(|x| x.split("\r\n").next())
                    .and_then(|x| x.trim().parse::<usize>().ok())
                    .unwrap_or(0);
                if got.len() >= end + 4 + length {
                    if !whole[8..].starts_with(" 200") {
                        return Err(whole.lines().next().unwrap_or("").into());
                    }
                    break;
                }
            }
            match s.read(&mut piece).await.map_err(text)? {
                0 => return Err("the connection ended".into()),
                n => got.extend_from_slice(&piece[..n]),
            }
        }
    }
    Ok(())
}

fn ready(stat: &File) -> Duration {
    let mut text = [0u8; 100];
    let n = stat.read_at(&mut text, 0).unwrap();
    let words = String::from_utf8_lossy(&text[..n]).into_owned();
    Duration::from_nanos(words.split(' ').nth(1).unwrap().parse().unwrap())
}

async fn tick(worst: Rc<RefCell<(Duration, Duration)>>) {
    let stat = File::open("/proc/thread-self/schedstat").unwrap();
    let (mut last, mut waited) = (Instant::now(), ready(&stat));
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let (now, so_far) = (Instant::now(), ready(&stat));
        let mut w = worst.borrow_mut();
        w.0 = w.0.max(now - last);
        w.1 = w.1.max((now - last).saturating_sub(so_far - waited));
        (last, waited) = (now, so_far);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[1].parse().unwrap();
    let ports: Vec<u16> = args[2..].iter().map(|x| x.parse().unwrap()).collect();
    let worst = Rc::new(RefCell::new((Duration::ZERO, Duration::ZERO)));
    let local = tokio::task::LocalSet::new();
    local.spawn_local(tick(worst.clone()));
    let failed = local
        .run_until(async move {
            let mut jobs = Vec::new();
            for i in 0..n {
                jobs.push(tokio::task::spawn_local(job(i, ports[i % ports.len()])));
                if i % 4 == 3 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            let mut failed = 0;
            for j in jobs {
                if let Err(e) = j.await.unwrap() {
                    failed += 1;
                    eprintln!("# {e}");
                }
            }
            failed
        })
        .await;
    let (all, own) = *worst.borrow();
    println!(
        "{} ok, {failed} failed, longest stall {:.1} ms, own {:.1} ms",
        n - failed,
        all.as_secs_f64() * 1000.0,
        own.as_secs_f64() * 1000.0
    );
    std::process::exit((failed != 0) as i32);
}
