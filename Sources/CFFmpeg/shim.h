#ifndef OFFHOOK_CFFMPEG_SHIM_H
#define OFFHOOK_CFFMPEG_SHIM_H

#include <errno.h>
#include <stdarg.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

// Macros and casts Swift does not import.

static const int offhook_averror_eof = AVERROR_EOF;
static const int offhook_averror_again = AVERROR(EAGAIN);
static const int offhook_averror_no_memory = AVERROR(ENOMEM);
static const int offhook_averror_invalid_data = AVERROR_INVALIDDATA;
static const int64_t offhook_av_no_timestamp = AV_NOPTS_VALUE;

// The libraries log to stderr by default; what matters comes back as an error code.

static inline void offhook_av_log_nothing(void *source, int level, const char *format, va_list arguments) {
    (void)source;
    (void)level;
    (void)format;
    (void)arguments;
}

static inline void offhook_av_log_silence(void) { av_log_set_callback(offhook_av_log_nothing); }

// Sound.

static inline void offhook_set_channels(AVChannelLayout *layout, int channels) {
    av_channel_layout_uninit(layout);
    av_channel_layout_default(layout, channels);
}

static inline SwrContext *offhook_swr_make(
    int source_rate, int source_format, const AVChannelLayout *source_layout, int rate, int channels
) {
    AVChannelLayout source = {0};
    AVChannelLayout target = {0};
    SwrContext *context = NULL;
    av_channel_layout_default(&target, channels);
    if (source_layout->order != AV_CHANNEL_ORDER_UNSPEC && av_channel_layout_check(source_layout)) {
        av_channel_layout_copy(&source, source_layout);
    } else {
        av_channel_layout_default(&source, source_layout->nb_channels);
    }
    int status = swr_alloc_set_opts2(
        &context, &target, AV_SAMPLE_FMT_S16, rate, &source, (enum AVSampleFormat)source_format, source_rate, 0, NULL
    );
    if (status >= 0) status = swr_init(context);
    if (status < 0) swr_free(&context);
    av_channel_layout_uninit(&source);
    av_channel_layout_uninit(&target);
    return context;
}

static inline SwrContext *offhook_swr_make_s16(int source_rate, int source_channels, int rate, int channels) {
    AVChannelLayout source = {0};
    av_channel_layout_default(&source, source_channels);
    SwrContext *context = offhook_swr_make(source_rate, AV_SAMPLE_FMT_S16, &source, rate, channels);
    av_channel_layout_uninit(&source);
    return context;
}

static inline int offhook_swr_convert_frame(SwrContext *context, int16_t *output, int capacity, const AVFrame *frame) {
    uint8_t *target = (uint8_t *)output;
    return swr_convert(context, &target, capacity, (const uint8_t **)frame->extended_data, frame->nb_samples);
}

// A null source drains what the filter still holds.
static inline int offhook_swr_convert_s16(
    SwrContext *context, int16_t *output, int capacity, const int16_t *samples, int count
) {
    uint8_t *target = (uint8_t *)output;
    const uint8_t *source = (const uint8_t *)samples;
    return swr_convert(context, &target, capacity, samples ? &source : NULL, count);
}

// Pictures. A frame here is I420 unless it comes from a decoder.

static inline AVFrame *offhook_frame_make_i420(int width, int height) {
    AVFrame *frame = av_frame_alloc();
    if (!frame) return NULL;
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = width;
    frame->height = height;
    if (av_frame_get_buffer(frame, 0) < 0) av_frame_free(&frame);
    return frame;
}

static inline int offhook_frame_load_i420(AVFrame *frame, const uint8_t *planes) {
    uint8_t *data[4];
    int sizes[4];
    int status = av_frame_make_writable(frame);
    if (status < 0) return status;
    status = av_image_fill_arrays(data, sizes, planes, AV_PIX_FMT_YUV420P, frame->width, frame->height, 1);
    if (status < 0) return status;
    av_image_copy(
        frame->data, frame->linesize, (const uint8_t **)data, sizes, AV_PIX_FMT_YUV420P, frame->width, frame->height
    );
    return 0;
}

static inline int offhook_frame_store_i420(const AVFrame *frame, uint8_t *planes, int size) {
    return av_image_copy_to_buffer(
        planes, size, (const uint8_t *const *)frame->data, frame->linesize, AV_PIX_FMT_YUV420P, frame->width,
        frame->height, 1
    );
}

static inline int offhook_frame_blacken(AVFrame *frame) {
    ptrdiff_t strides[4] = {frame->linesize[0], frame->linesize[1], frame->linesize[2], 0};
    int status = av_frame_make_writable(frame);
    if (status < 0) return status;
    return av_image_fill_black(
        frame->data, strides, AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, frame->width, frame->height
    );
}

// Copies `source` into `target` with its corner at even coordinates x, y, which must leave room for it.
static inline void offhook_frame_place(AVFrame *target, const AVFrame *source, int x, int y) {
    for (int plane = 0; plane < 3; plane++) {
        int shift = plane ? 1 : 0;
        uint8_t *corner = target->data[plane] + (ptrdiff_t)(y >> shift) * target->linesize[plane] + (x >> shift);
        av_image_copy_plane(
            corner, target->linesize[plane], source->data[plane], source->linesize[plane],
            (source->width + shift) >> shift, (source->height + shift) >> shift
        );
    }
}

static inline int offhook_sws_scale(struct SwsContext *context, const AVFrame *source, AVFrame *target) {
    return sws_scale(
        context, (const uint8_t *const *)source->data, source->linesize, 0, source->height, target->data,
        target->linesize
    );
}

#endif
