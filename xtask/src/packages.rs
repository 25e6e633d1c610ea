//! The system packages that the project needs, by package manager.

/// A package manager and what it is asked for.
pub struct Manager {
    /// The program; its being there tells the system.
    pub program: &'static str,
    /// Words before the package names.
    pub install: &'static [&'static str],
    /// Words that bring its lists up to date first, where it needs that.
    pub refresh: Option<&'static [&'static str]>,
    /// Tells, by its exit status, whether one package is there; the name goes last.
    pub installed: &'static [&'static str],
    /// To build and run the program.
    pub build: &'static [&'static str],
    /// On top, to run every test.
    pub test: &'static [&'static str],
    /// Whether it must be run as root.
    pub root: bool,
}

/// In the order in which they are looked for.
pub const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        install: &["install", "-y", "--no-install-recommends"],
        refresh: Some(&["update", "-qq"]),
        installed: &["dpkg", "-s"],
        build: &[
            "build-essential",
            "clang",
            "cmake",
            "nasm",
            "pkg-config",
            "libclang-dev",
            "libasound2-dev",
            "libpulse-dev",
            "libvpx-dev",
            "libwebkit2gtk-4.1-dev",
            "libgtk-3-dev",
            "librsvg2-dev",
            "libssl-dev",
            "gstreamer1.0-plugins-base",
            "gstreamer1.0-plugins-good",
            "gstreamer1.0-plugins-bad",
            "gstreamer1.0-libav",
            "fonts-dejavu-core",
            "xvfb",
        ],
        test: &[
            "busybox-static",
            "chromium",
            "chromium-driver",
            "coturn",
            "dbus",
            "espeak-ng",
            "gir1.2-gst-plugins-bad-1.0",
            "gir1.2-soup-3.0",
            "gstreamer1.0-nice",
            "imagemagick",
            "iproute2",
            "openssl",
            "pulseaudio",
            "pulseaudio-utils",
            "python3-gi",
            "qemu-system-x86",
            "sox",
            "webkit2gtk-driver",
        ],
        root: true,
    },
    Manager {
        program: "dnf",
        install: &["install", "-y"],
        refresh: None,
        installed: &["rpm", "-q"],
        build: &[
            "gcc-c++",
            "clang",
            "clang-devel",
            "cmake",
            "nasm",
            "pkgconf-pkg-config",
            "alsa-lib-devel",
            "pulseaudio-libs-devel",
            "libvpx-devel",
            "webkit2gtk4.1-devel",
            "gtk3-devel",
            "librsvg2-devel",
            "openssl-devel",
            "gstreamer1-plugins-good",
            "gstreamer1-plugins-bad-free",
            "nodejs",
            "nodejs-npm",
        ],
        test: &[
            "busybox",
            "chromium",
            "chromedriver",
            "coturn",
            "dbus-daemon",
            "espeak-ng",
            "ImageMagick",
            "iproute",
            "libnice-gstreamer1",
            "libsoup3",
            "openssl",
            "pulseaudio",
            "pulseaudio-utils",
            "python3-gobject",
            "qemu-system-x86-core",
            "sox",
            "xorg-x11-server-Xvfb",
        ],
        root: true,
    },
    Manager {
        program: "pacman",
        install: &["-S", "--needed", "--noconfirm"],
        refresh: None,
        installed: &["pacman", "-Qi"],
        build: &[
            "base-devel",
            "clang",
            "cmake",
            "nasm",
            "alsa-lib",
            "libpulse",
            "libvpx",
            "webkit2gtk-4.1",
            "gtk3",
            "librsvg",
            "openssl",
            "gst-plugins-good",
            "gst-plugins-bad",
            "gst-libav",
            "nodejs",
            "npm",
        ],
        test: &[
            "busybox",
            "chromium",
            "coturn",
            "espeak-ng",
            "imagemagick",
            "iproute2",
            "libnice",
            "libsoup3",
            "pulseaudio",
            "python-gobject",
            "qemu-system-x86",
            "sox",
            "xorg-server-xvfb",
        ],
        root: true,
    },
    Manager {
        program: "brew",
        install: &["install"],
        refresh: None,
        installed: &["brew", "list"],
        build: &["cmake", "nasm", "libvpx", "node"],
        test: &["sox", "espeak-ng", "imagemagick"],
        root: false,
    },
];

/// What a person on Windows installs by hand.
pub const WINDOWS_NEEDS: &str = "\
Windows has no package manager that this command could rely on. Please install:
  - Visual Studio Build Tools with \"Desktop development with C++\"     https://visualstudio.microsoft.com/downloads/
  - CMake, NASM, LLVM (for libclang; set LIBCLANG_PATH) and Node.js 18 or newer, e.g. by winget
  - libvpx through vcpkg: vcpkg install libvpx:x64-windows-static; then set VPX_LIB_DIR, VPX_VERSION and VPX_STATIC=1
The WebView2 runtime is part of Windows 11; for Windows 10 the installer brings it.";
