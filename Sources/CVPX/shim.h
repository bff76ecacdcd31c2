#ifndef OFFHOOK_CVPX_SHIM_H
#define OFFHOOK_CVPX_SHIM_H

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

// Initialisers are macros over an ABI version, controls take variable arguments: Swift imports neither.

static inline vpx_codec_err_t offhook_vp8_encoder_init(vpx_codec_ctx_t *context, const vpx_codec_enc_cfg_t *config) {
    return vpx_codec_enc_init(context, vpx_codec_vp8_cx(), config, 0);
}

static inline vpx_codec_err_t offhook_vp8_decoder_init(vpx_codec_ctx_t *context, const vpx_codec_dec_cfg_t *config) {
    return vpx_codec_dec_init(context, vpx_codec_vp8_dx(), config, 0);
}

static inline vpx_codec_err_t offhook_vpx_set(vpx_codec_ctx_t *context, int control, int value) {
    return vpx_codec_control_(context, control, value);
}

static inline vpx_codec_err_t offhook_vpx_get(vpx_codec_ctx_t *context, int control, int *value) {
    return vpx_codec_control_(context, control, value);
}

// The packet's payload lies in an anonymous union, whose import is awkward.

static inline const void *offhook_vpx_frame_bytes(const vpx_codec_cx_pkt_t *packet) { return packet->data.frame.buf; }

static inline size_t offhook_vpx_frame_size(const vpx_codec_cx_pkt_t *packet) { return packet->data.frame.sz; }

static inline int offhook_vpx_frame_is_key(const vpx_codec_cx_pkt_t *packet) {
    return (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
}

#endif
