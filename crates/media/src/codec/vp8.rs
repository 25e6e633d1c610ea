//! VP8 by libvpx.
use super::{CodecError, Encoded, EncoderSettings, Reference, VideoDecoder, VideoEncoder, copy_plane};
use crate::{
    frame::{I420, MediaTime},
    pool::FramePool,
};
use std::{ffi::CStr, ptr, sync::Arc};
use vpx_sys::{
    vp8e_enc_control_id as control, vpx_codec_ctx_t, vpx_codec_cx_pkt_kind, vpx_codec_enc_cfg_t,
    vpx_codec_err_t, vpx_enc_pass, vpx_image_t, vpx_img_fmt, vpx_kf_mode, vpx_rc_mode,
};

const NAME: &str = "VP8";
/// What a key frame may take, in percent of one picture's share of the rate: libwebrtc's least; at 30 pictures a second it
/// allows 900. A heavy one holds up everything on a narrow path, and on a lossy one it is hit itself. Measured on
/// calls of 20 s beside 900: `weak3g` stands for 0.6 s of the first five seconds (1.2), `moderate` for 0.57 s (0.73).
const KEY_FRAME_PCT: i32 = 300;

/// An open libvpx context, closed when dropped.
struct Context(Box<vpx_codec_ctx_t>);

// SAFETY: a context is used by one thread at a time, which `&mut` ensures; libvpx keeps no thread-local state.
unsafe impl Send for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was initialised, and is destroyed once.
        unsafe { vpx_sys::vpx_codec_destroy(&raw mut *self.0) };
    }
}

impl Context {
    /// What libvpx says about its last error.
    fn reason(&mut self) -> String {
        // SAFETY: libvpx returns null or a string that lives as long as the context.
        unsafe {
            let text = vpx_sys::vpx_codec_error(&raw mut *self.0);
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }
}

/// A libvpx encoder with libwebrtc's real-time settings (its `libvpx_vp8_encoder.cc`).
pub(super) struct Vp8Encoder {
    context: Context,
    settings: EncoderSettings,
    last_pts: i64,
}

impl Vp8Encoder {
    pub(super) fn new(settings: EncoderSettings) -> Result<Self, CodecError> {
        let context = open_encoder(&configuration(settings)?)?;
        Ok(Self { context, settings, last_pts: -1 })
    }
}

fn configuration(settings: EncoderSettings) -> Result<vpx_codec_enc_cfg_t, CodecError> {
    let mut config = vpx_codec_enc_cfg_t::default();
    // SAFETY: `config` is a valid place for libvpx to write its defaults to.
    check(unsafe { vpx_sys::vpx_codec_enc_config_default(vpx_sys::vpx_codec_vp8_cx(), &raw mut config, 0) })?;
    config.g_w = settings.width;
    config.g_h = settings.height;
    config.g_timebase = vpx_sys::vpx_rational { num: 1, den: 1_000_000 };
    config.g_threads = 1;
    config.g_pass = vpx_enc_pass::VPX_RC_ONE_PASS;
    config.g_lag_in_frames = 0;
    config.g_error_resilient = 0;
    config.rc_target_bitrate = (settings.bitrate_bps / 1000).max(1);
    config.rc_end_usage = vpx_rc_mode::VPX_CBR;
    config.rc_resize_allowed = 0;
    config.rc_dropframe_thresh = 30;
    config.rc_min_quantizer = 2;
    config.rc_max_quantizer = 56;
    config.rc_undershoot_pct = 100;
    config.rc_overshoot_pct = 15;
    config.rc_buf_initial_sz = 500;
    config.rc_buf_optimal_sz = 600;
    config.rc_buf_sz = 1000;
    // Key frames only when the receiver asks: each costs as much as a second of delta frames.
    config.kf_mode = vpx_kf_mode::VPX_KF_DISABLED;
    Ok(config)
}

fn open_encoder(config: &vpx_codec_enc_cfg_t) -> Result<Context, CodecError> {
    let mut raw = Box::new(vpx_codec_ctx_t::default());
    let version = vpx_sys::VPX_ENCODER_ABI_VERSION.cast_signed();
    // SAFETY: `raw` and `config` are valid, and the context keeps its address: it is boxed.
    check(unsafe {
        vpx_sys::vpx_codec_enc_init_ver(&raw mut *raw, vpx_sys::vpx_codec_vp8_cx(), config, 0, version)
    })?;
    let mut context = Context(raw);
    let controls = [
        // Best picture per CPU at these sizes (measured: 2.2 ms at 480p, 5.2 ms at 720p).
        (control::VP8E_SET_CPUUSED, -6),
        (control::VP8E_SET_STATIC_THRESHOLD, 1),
        (control::VP8E_SET_TOKEN_PARTITIONS, 0),
        (control::VP8E_SET_NOISE_SENSITIVITY, 0),
        (control::VP8E_SET_MAX_INTRA_BITRATE_PCT, KEY_FRAME_PCT),
        (control::VP8E_SET_SCREEN_CONTENT_MODE, 0),
    ];
    for (id, value) in controls {
        // SAFETY: each of these controls takes one int.
        check(unsafe { vpx_sys::vpx_codec_control_(&raw mut *context.0, id as i32, value) })?;
    }
    Ok(context)
}

/// The first chain lives in the last frame, and the second in the golden one. No picture of either changes the
/// probabilities, which are for both.
fn flags(reference: Reference) -> vpx_sys::vpx_enc_frame_flags_t {
    use vpx_sys::{
        VP8_EFLAG_NO_REF_ARF, VP8_EFLAG_NO_REF_GF, VP8_EFLAG_NO_REF_LAST, VP8_EFLAG_NO_UPD_ARF,
        VP8_EFLAG_NO_UPD_ENTROPY, VP8_EFLAG_NO_UPD_GF, VP8_EFLAG_NO_UPD_LAST, VPX_EFLAG_FORCE_KF,
    };
    let chained = VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY;
    let flags: u32 = match reference {
        Reference::Nothing => VPX_EFLAG_FORCE_KF,
        Reference::Any => 0,
        Reference::First => chained | VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_UPD_GF,
        Reference::Second => chained | VP8_EFLAG_NO_REF_LAST | VP8_EFLAG_NO_UPD_LAST,
        Reference::Parting => chained | VP8_EFLAG_NO_REF_GF,
    };
    flags as vpx_sys::vpx_enc_frame_flags_t
}

impl VideoEncoder for Vp8Encoder {
    fn configure(&mut self, settings: EncoderSettings) -> Result<(), CodecError> {
        let config = configuration(settings)?;
        if (settings.width, settings.height) == (self.settings.width, self.settings.height) {
            // SAFETY: context and configuration are valid.
            check(unsafe { vpx_sys::vpx_codec_enc_config_set(&raw mut *self.context.0, &raw const config) })?;
        } else {
            // libvpx cannot grow beyond its first size, and a new size is a key frame anyway.
            self.context = open_encoder(&config)?;
            self.last_pts = -1;
        }
        self.settings = settings;
        Ok(())
    }

    fn encode(
        &mut self,
        image: &I420,
        at: MediaTime,
        reference: Reference,
    ) -> Result<Option<Encoded<'_>>, CodecError> {
        let mut picture = vpx_image_t::default();
        let pts = at.0.max(self.last_pts + 1);
        let flags = if self.last_pts < 0 { flags(Reference::Nothing) } else { flags(reference) };
        self.last_pts = pts;
        let duration = u64::from(1_000_000 / self.settings.fps.max(1));
        // SAFETY: the wrapped picture borrows `image` for this block only, and libvpx does not write to it. With an
        // alignment of 1, libvpx's idea of the planes is that of `I420`: even sizes, no padding.
        let status = unsafe {
            vpx_sys::vpx_img_wrap(
                &raw mut picture,
                vpx_img_fmt::VPX_IMG_FMT_I420,
                image.width(),
                image.height(),
                1,
                image.as_bytes().as_ptr().cast_mut(),
            );
            vpx_sys::vpx_codec_encode(
                &raw mut *self.context.0,
                &raw const picture,
                pts,
                duration as std::ffi::c_ulong,
                flags,
                std::ffi::c_ulong::from(vpx_sys::VPX_DL_REALTIME),
            )
        };
        if status != vpx_codec_err_t::VPX_CODEC_OK {
            return Err(CodecError::Encode { codec: NAME, reason: self.context.reason() });
        }
        let mut iterator = ptr::null();
        loop {
            // SAFETY: a packet is null or valid until the next call to encode, which needs `&mut self` and so ends the
            // borrow that is returned. The union holds `frame` for packets of that kind.
            unsafe {
                let packet = vpx_sys::vpx_codec_get_cx_data(&raw mut *self.context.0, &raw mut iterator);
                let Some(packet) = packet.as_ref() else {
                    return Ok(None);
                };
                if packet.kind == vpx_codec_cx_pkt_kind::VPX_CODEC_CX_FRAME_PKT {
                    let frame = packet.data.frame;
                    let data = std::slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz as usize);
                    return Ok(Some(Encoded { data, key: frame.flags & vpx_sys::VPX_FRAME_IS_KEY != 0 }));
                }
            }
        }
    }
}

/// A libvpx decoder.
pub(super) struct Vp8Decoder {
    context: Context,
    pool: FramePool,
}

impl Vp8Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut raw = Box::new(vpx_codec_ctx_t::default());
        let version = vpx_sys::VPX_DECODER_ABI_VERSION.cast_signed();
        // SAFETY: `raw` is valid and keeps its address: it is boxed. Null means the default configuration.
        check(unsafe {
            vpx_sys::vpx_codec_dec_init_ver(
                &raw mut *raw,
                vpx_sys::vpx_codec_vp8_dx(),
                ptr::null(),
                0,
                version,
            )
        })?;
        Ok(Self { context: Context(raw), pool: FramePool::default() })
    }
}

impl VideoDecoder for Vp8Decoder {
    fn decode(&mut self, frame: &[u8]) -> Result<Option<Arc<I420>>, CodecError> {
        let size = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        // SAFETY: `frame` is valid for its length during the call.
        let status = unsafe {
            vpx_sys::vpx_codec_decode(&raw mut *self.context.0, frame.as_ptr(), size, ptr::null_mut(), 0)
        };
        if status != vpx_codec_err_t::VPX_CODEC_OK {
            return Err(CodecError::Decode { codec: NAME, reason: self.context.reason() });
        }
        let mut iterator = ptr::null();
        // SAFETY: the picture is null or valid until the next call to decode.
        let Some(picture) =
            (unsafe { vpx_sys::vpx_codec_get_frame(&raw mut *self.context.0, &raw mut iterator).as_ref() })
        else {
            return Ok(None);
        };
        let image = self.pool.fill(picture.d_w, picture.d_h, |image| {
            let width = image.width() as usize;
            for (index, to) in image.planes_mut().into_iter().enumerate() {
                let width = if index == 0 { width } else { width / 2 };
                let stride = usize::try_from(picture.stride[index]).unwrap_or(0);
                let rows = to.len() / width.max(1);
                // SAFETY: libvpx's plane has at least `rows` rows of `stride` bytes, the last at least `width` long.
                let from = unsafe {
                    std::slice::from_raw_parts(picture.planes[index], stride * rows.saturating_sub(1) + width)
                };
                copy_plane(from, stride, to, width);
            }
        });
        Ok(Some(image))
    }
}

fn check(status: vpx_codec_err_t) -> Result<(), CodecError> {
    if status == vpx_codec_err_t::VPX_CODEC_OK {
        return Ok(());
    }
    // SAFETY: libvpx returns a static string for every status.
    let reason = unsafe { CStr::from_ptr(vpx_sys::vpx_codec_err_to_string(status)) };
    Err(CodecError::Setup { codec: NAME, reason: reason.to_string_lossy().into_owned() })
}
