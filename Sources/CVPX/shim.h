#ifndef OFFHOOK_CVPX_SHIM_H
#define OFFHOOK_CVPX_SHIM_H

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#endif
