//! Windows: the IP helper's notifications of interfaces, addresses and routes.
use super::hints::Hints;
use std::{ffi::c_void, io, ptr, sync::Arc, time::Duration};
use tokio::sync::Notify;
use windows_sys::Win32::{
    Foundation::{HANDLE, NO_ERROR, WIN32_ERROR},
    NetworkManagement::IpHelper::{
        CancelMibChangeNotify2, MIB_IPFORWARD_ROW2, MIB_IPINTERFACE_ROW, MIB_NOTIFICATION_TYPE,
        MIB_UNICASTIPADDRESS_ROW, NotifyIpInterfaceChange, NotifyRouteChange2, NotifyUnicastIpAddressChange,
    },
    Networking::WinSock::AF_UNSPEC,
};

/// The notifications, until dropped.
struct IpHelper {
    told: Arc<Notify>,
    /// Kept as integers: handles may be cancelled on any thread.
    handles: Vec<isize>,
}

/// The hints of this system.
pub(super) fn hints() -> io::Result<Box<dyn Hints>> {
    let mut helper = IpHelper { told: Arc::default(), handles: Vec::new() };
    let context: *const c_void = Arc::as_ptr(&helper.told).cast();
    for ask in [interfaces, addresses, routes] {
        let mut handle: HANDLE = ptr::null_mut();
        match ask(context, &mut handle) {
            NO_ERROR => helper.handles.push(handle as isize),
            // The system's error numbers are not negative.
            error => return Err(io::Error::from_raw_os_error(error as i32)),
        }
    }
    Ok(Box::new(helper))
}

fn interfaces(context: *const c_void, handle: &mut HANDLE) -> WIN32_ERROR {
    // SAFETY: the context outlives the notification, see `IpHelper::drop`; `handle` is valid for writing.
    unsafe { NotifyIpInterfaceChange(AF_UNSPEC, Some(on_interface), context, false, handle) }
}

fn addresses(context: *const c_void, handle: &mut HANDLE) -> WIN32_ERROR {
    // SAFETY: as above.
    unsafe { NotifyUnicastIpAddressChange(AF_UNSPEC, Some(on_address), context, false, handle) }
}

fn routes(context: *const c_void, handle: &mut HANDLE) -> WIN32_ERROR {
    // SAFETY: as above.
    unsafe { NotifyRouteChange2(AF_UNSPEC, Some(on_route), context, false, handle) }
}

unsafe extern "system" fn on_interface(
    context: *const c_void,
    _: *const MIB_IPINTERFACE_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the one given above.
    unsafe { tell(context) }
}

unsafe extern "system" fn on_address(
    context: *const c_void,
    _: *const MIB_UNICASTIPADDRESS_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the one given above.
    unsafe { tell(context) }
}

unsafe extern "system" fn on_route(
    context: *const c_void,
    _: *const MIB_IPFORWARD_ROW2,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the one given above.
    unsafe { tell(context) }
}

/// # Safety
/// `context` points to a [`Notify`] that is alive.
unsafe fn tell(context: *const c_void) {
    // SAFETY: by the caller.
    unsafe { &*context.cast::<Notify>() }.notify_one();
}

impl Drop for IpHelper {
    fn drop(&mut self) {
        for handle in self.handles.drain(..) {
            // SAFETY: ours, and cancelled once. Waits for callbacks under way, so none outlives `told`.
            unsafe { CancelMibChangeNotify2(handle as HANDLE) };
        }
    }
}

#[async_trait::async_trait]
impl Hints for IpHelper {
    async fn next(&mut self) -> io::Result<()> {
        self.told.notified().await;
        Ok(())
    }
}

/// A clock that goes on while the machine sleeps.
pub(super) fn awake_or_asleep() -> Duration {
    Duration::from_millis(crate::clock::unix_ms())
}
