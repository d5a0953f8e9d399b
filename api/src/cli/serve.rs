//! `meterbook serve`: the API until it is told to stop.

use crate::App;
use crate::clock::Clock;
use crate::config::Config;
use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;

/// Serves until SIGINT or SIGTERM.
pub fn serve(config: Config, clock: Clock) -> Result<(), Box<dyn Error>> {
    actix_web::rt::System::new().block_on(async move {
        let listener = TcpListener::bind(config.listen)?;
        let address = listener.local_addr()?;
        let (app, setup) = App::build(config, clock).await?;
        println!("Meterbook 抄表册 is at http://{address}");
        if let Some(token) = setup {
            println!("Nobody administers it yet. From this machine, make the first administrator 首次使用，请在本机创建管理员:");
            println!(
                "  curl -X POST http://{address}/v1/setup -H 'content-type: application/json' \\\n    \
                 -d '{{\"setup_token\":\"{}\",\"login\":\"admin\",\"name\":\"…\",\"password\":\"…\"}}'",
                token.0
            );
        }
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let app = Arc::new(app);
        crate::jobs::spawn_all(&app);
        app.serve(listener, workers)?.await?;
        Ok(())
    })
}
