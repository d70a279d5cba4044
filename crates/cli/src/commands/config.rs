//! `rutter config`

use clap::Args;
use serde_json::{Value, json};
use tracker::{Config, Environment, Origin, Setting};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::Page;

/// Show every setting, its value and where it comes from; or set one
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter config                      Everything\n  rutter config mirror.root off      Write no files beside the store"
)]
pub(crate) struct ConfigArgs {
    /// Show only this setting
    #[arg(value_name = "KEY", value_parser = lossy())]
    key: Option<String>,
    /// Set it in the configuration file
    #[arg(value_name = "VALUE", value_parser = lossy(), requires = "key")]
    value: Option<String>,
}

pub(super) fn config(context: &Context, args: &ConfigArgs) -> Result<(), Failure> {
    let config = &context.config;
    match (&args.key, &args.value) {
        (Some(key), Some(value)) => {
            let file = config.set(key, value).map_err(|error| match error {
                error @ tracker::ConfigError::BadValue { .. } => Failure::usage(error),
                error => error.into(),
            })?;
            context.ui.note(&format!("{key} is set in {}", file.display()));
            Config::load(&Environment::of_process())?.tell_hooks().map_err(Failure::surroundings)
        }
        (Some(key), None) => {
            let setting = config.setting(key)?;
            context.ui.data(&view(setting), || {
                let mut page = Page::default();
                page.text(setting.shown().unwrap_or_default());
                page
            })
        }
        (None, _) => {
            let settings = config.settings();
            let views: Vec<_> = settings.iter().map(view).collect();
            context.ui.list(&views, || page(settings, &config.file.display().to_string()))
        }
    }
}

fn view(setting: &Setting) -> Value {
    let key = setting.key;
    json!({"key": key.name, "value": setting.shown(), "origin": setting.origin.to_string(), "variable": key.variable, "about": key.about})
}

fn page(settings: &[Setting], file: &str) -> Page {
    let mut page = Page::default();
    page.text(format!("Configuration file: {file}"));
    for setting in settings {
        let value = setting.shown().unwrap_or_else(|| "(not set)".to_owned());
        page.gap().text(format!("{} = {value}", setting.key.name));
        page.text(format!("   {}", setting.key.about));
        page.text(match setting.origin {
            Origin::Default => format!("   by default; set it here or with {}", setting.key.variable),
            Origin::File => format!("   from the file; {} would override it", setting.key.variable),
            Origin::Variable => format!("   from {}", setting.key.variable),
            Origin::CommandLine => "   from the command line".to_owned(),
        });
    }
    page
}
