#ifndef OFFHOOK_COPUS_SHIM_H
#define OFFHOOK_COPUS_SHIM_H

#include <opus.h>

// opus_encoder_ctl and opus_decoder_ctl take variable arguments, which Swift does not import.

static inline int offhook_opus_encoder_set(OpusEncoder *encoder, int request, opus_int32 value) {
    return opus_encoder_ctl(encoder, request, value);
}

static inline int offhook_opus_encoder_get(OpusEncoder *encoder, int request, opus_int32 *value) {
    return opus_encoder_ctl(encoder, request, value);
}

static inline int offhook_opus_encoder_reset(OpusEncoder *encoder) {
    return opus_encoder_ctl(encoder, OPUS_RESET_STATE);
}

static inline int offhook_opus_decoder_reset(OpusDecoder *decoder) {
    return opus_decoder_ctl(decoder, OPUS_RESET_STATE);
}

#endif
