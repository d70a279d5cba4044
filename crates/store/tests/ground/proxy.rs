//! A way to a server that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the server hears what was said.
    Before,
    /// After it has answered, before the answer arrives.
    After,
    /// By the server itself, told by somebody else.
    Terminated,
}

/// What every connection through the proxy knows.
struct Shared {
    server: String,
    admin: String,
    name: String,
    /// Which of the next messages is cut, counted from 0.
    armed: Mutex<Option<(Cut, usize)>>,
    was_cut: AtomicBool,
}

/// Listens on loopback and passes everything on, until it is armed.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Leads to the server at a URL; its connections carry a name of their own.
    pub(crate) fn to(url: &str, name: &str) -> Self {
        let (_, host) = url.split_once('@').unwrap();
        let server = host.split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, was_cut) = (Mutex::new(None), AtomicBool::new(false));
        let name = format!("{name}_{port}");
        let shared = Arc::new(Shared { server, admin: url.to_owned(), name, armed, was_cut });
        let each = shared.clone();
        // Ends with the process: nobody connects any more once the test is over.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = each.clone();
                std::thread::spawn(move || shared.serve(client));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        let Shared { server, admin, name, .. } = &*self.shared;
        format!("{}?sslmode=disable&application_name={name}", admin.replace(server.as_str(), &format!("127.0.0.1:{}", self.port)))
    }

    /// Cuts at the message with this number from now on, once.
    pub(crate) fn arm(&self, cut: Cut, at: usize) {
        *self.shared.armed.lock().unwrap() = Some((cut, at));
        self.shared.was_cut.store(false, Ordering::SeqCst);
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.shared.was_cut.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let mut server = TcpStream::connect(&self.server).unwrap();
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        let mutes = Arc::new(AtomicBool::new(false));
        let (mut answers, mut back, is_mute) = (server.try_clone().unwrap(), client.try_clone().unwrap(), mutes.clone());
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = answers.read(&mut buffer) {
                if is_mute.load(Ordering::SeqCst) || back.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            drop((answers.shutdown(Shutdown::Both), back.shutdown(Shutdown::Both)));
        });
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            match self.due() {
                Some(Cut::Before) => break,
                // The other thread hears the answer and closes instead of passing it on.
                Some(Cut::After) => mutes.store(true, Ordering::SeqCst),
                Some(Cut::Terminated) => self.terminate(),
                None => {}
            }
            if server.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        drop((server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both)));
    }

    fn due(&self) -> Option<Cut> {
        let mut armed = self.armed.lock().unwrap();
        match &mut *armed {
            Some((_, left @ 1..)) => {
                *left -= 1;
                None
            }
            Some((cut, _)) => {
                let cut = *cut;
                *armed = None;
                self.was_cut.store(true, Ordering::SeqCst);
                Some(cut)
            }
            None => None,
        }
    }

    fn terminate(&self) {
        let mut admin = postgres::Client::connect(&self.admin, postgres::NoTls).unwrap();
        let all = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1";
        admin.query(all, &[&self.name]).unwrap();
    }
}
