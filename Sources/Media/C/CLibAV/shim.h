// libav (FFmpeg) for Swift: error codes and constants that are macros in C. And a file in memory, which libav reads by its path.
#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int64_t PW_AV_NOPTS_VALUE = AV_NOPTS_VALUE;
static const int PW_AVERROR_EOF = AVERROR_EOF;
static const int PW_AVERROR_EAGAIN = AVERROR(EAGAIN);
static const int PW_AVERROR_INVALIDDATA = AVERROR_INVALIDDATA;
static const int PW_AVERROR_EXIT = AVERROR_EXIT;

// memfd_create(2) with MFD_CLOEXEC; its own declaration needs _GNU_SOURCE.
static inline int PW_memory_file(void) { return (int)syscall(SYS_memfd_create, "pingwatch", 1U); }
