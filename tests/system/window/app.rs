//! The desktop program in a window of its own, as the tests speak to it.
use super::picture::Area;
use eyeline_tests::{
    CARD, artifacts,
    display::Display,
    program,
    webdriver::{Driver, Window},
};
use serde_json::json;
use tempfile::TempDir;

/// One person's window.
pub struct App {
    name: String,
    window: Window,
    _driver: Driver,
    display: Display,
    _state: TempDir,
}

impl App {
    /// Starts the program with a test card and a tone, and nothing remembered.
    pub fn start(name: &str) -> Self {
        let display = Display::start(800, 600);
        let state = tempfile::tempdir().expect("a temporary folder");
        let driver = Driver::tauri(|command| {
            display.attach(command);
            command
                .env("EYELINE_DATA_DIR", state.path())
                .env("XDG_DATA_HOME", state.path())
                .env("XDG_CACHE_HOME", state.path());
        });
        let window = ["--speaker", "null", "--size", "800x600", "--position", "0,0"];
        let arguments = [&CARD[..], &window].concat();
        let options = json!({ "application": program("eyeline"), "args": arguments });
        let window = driver.open(&json!({ "tauri:options": options }));
        Self { name: name.to_owned(), window, _driver: driver, display, _state: state }
    }

    /// Whose window it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates an account as a person does.
    pub fn register(&self, server: &str) {
        self.click(r#"[data-testid="register-toggle"]"#);
        self.write(r#"[data-testid="signin-server"]"#, server);
        self.write(r#"[data-testid="signin-username"]"#, &self.name);
        self.write(r#"[data-testid="signin-password"]"#, "a password");
        self.keep_screenshot("register");
        self.click(r#"[data-testid="signin-submit"]"#);
        assert_eq!(self.text(r#"[data-testid="own-name"]"#), self.name);
    }

    /// Waits until an element is there.
    pub fn shows(&self, css: &str) {
        self.window.wait_for(css);
    }

    /// Waits for a control and clicks it.
    pub fn click(&self, css: &str) {
        self.window.wait_for(css);
        self.window.click(css);
    }

    /// Puts text into a field in place of what was there.
    pub fn write(&self, css: &str, text: &str) {
        self.window.wait_for(css);
        self.window.write(css, text);
    }

    /// Waits for an element and reads its text.
    pub fn text(&self, css: &str) -> String {
        self.window.wait_for(css);
        let text =
            self.window.run("return document.querySelector(arguments[0]).textContent.trim()", &[css.into()]);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The screen, and where on it the other person's picture is: as large as fits into its element.
    pub fn remote_picture(&self) -> (Area, Vec<u8>) {
        const WHERE: &str = r#"
            const canvas = document.querySelector('[data-testid="remote-video"]');
            const box = canvas.getBoundingClientRect();
            const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
            const [width, height] = [canvas.width * scale, canvas.height * scale];
            const [x, y] = [box.x + (box.width - width) / 2, box.y + (box.height - height) / 2];
            return [x + screenX, y + screenY, width].map((pixels) => pixels * devicePixelRatio);"#;
        let numbers = self.window.run(WHERE, &[]);
        let number = |n: usize| numbers[n].as_f64().unwrap_or_else(|| panic!("{numbers}"));
        (Area { x: number(0), y: number(1), width: number(2) }, self.display.screenshot())
    }

    /// Leaves a screenshot for people.
    pub fn keep_screenshot(&self, of: &str) {
        // What the page says is there is on the screen two frames later.
        self.window.run("for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame)", &[]);
        let file = artifacts().join(format!("window-{of}-{}.png", self.name));
        std::fs::write(file, self.display.screenshot()).expect("artifacts can be written");
    }
}
