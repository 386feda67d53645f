// libjpeg reports errors through a callback that must not return, so that it has to longjmp, which
// must not cross Swift frames. These functions keep every jump inside C: they either finish or
// return zero with a message.
#ifndef SWIFT_YOLO_CJPEG_H
#define SWIFT_YOLO_CJPEG_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct CJPEGReader {
  const uint8_t *bytes;
  size_t count;
  // The rows to decode; those above them are passed over.
  uint32_t firstRow;
  uint32_t endRow;
  // Fails at the scan behind this one; each is a pass over all pixels.
  int32_t maximumScans;
  // Non-zero once the scans have reached that limit.
  int32_t hasTooManyScans;
  // Non-zero once libjpeg has asked for more bytes than there are.
  int32_t ranOut;
  // The bytes of scans that are of no pixel.
  size_t leftOver;
  // Non-zero once these are too many.
  int32_t hasLeftOver;
  // Non-zero once all of the reader's rows are decoded.
  int32_t isDone;
  // What libjpeg said when it gave up, a terminated string.
  char message[JMSG_LENGTH_MAX];
} CJPEGReader;

typedef struct CJPEGWriter {
  uint8_t *bytes;
  size_t capacity;
  size_t count;
  char message[JMSG_LENGTH_MAX];
} CJPEGWriter;

// Where errors go; libjpeg hands the first member about.
typedef struct CJPEGErrors {
  struct jpeg_error_mgr manager;
  jmp_buf target;
  char *message;
} CJPEGErrors;

typedef struct CJPEGProgress {
  struct jpeg_progress_mgr manager;
  CJPEGReader *reader;
} CJPEGProgress;

static inline void cjpeg_failed(j_common_ptr codec) {
  CJPEGErrors *errors = (CJPEGErrors *)codec->err;
  errors->manager.format_message(codec, errors->message);
  longjmp(errors->target, 1);
}

static inline void cjpeg_fail(j_common_ptr codec, const char *message) {
  CJPEGErrors *errors = (CJPEGErrors *)codec->err;
  snprintf(errors->message, JMSG_LENGTH_MAX, "%s", message);
  longjmp(errors->target, 1);
}

// Warnings mark damage that libjpeg decodes in spite of.
static inline void cjpeg_ignore_message(j_common_ptr codec, int level) {
  (void)codec;
  (void)level;
}

// Two are no damage to decode in spite of: the header gives another size than the data have. If it is
// larger, the marker of the end stands where pixels are missing; if it is smaller, pixels are left over.
static inline void cjpeg_check_warning(j_common_ptr codec, int level) {
  if (level >= 0) return;
  j_decompress_ptr decoder = (j_decompress_ptr)codec;
  CJPEGReader *reader = (CJPEGReader *)codec->client_data;
  switch (codec->err->msg_code) {
  case JWRN_HIT_MARKER:
    if (decoder->unread_marker != JPEG_EOI) return;
    reader->ranOut = 1;
    cjpeg_fail(codec, "the data end early");
    break;
  case JWRN_EXTRANEOUS_DATA:
    // Some cameras leave a few bytes there.
    if (decoder->input_scan_number > 0) reader->leftOver += (size_t)codec->err->msg_parm.i[0];
    if (reader->leftOver <= reader->count / 16) return;
    reader->hasLeftOver = 1;
    cjpeg_fail(codec, "the data are of a larger image than the header says");
    break;
  default:
    break;
  }
}

static inline void cjpeg_ignore_start(j_decompress_ptr decoder) { (void)decoder; }

static inline boolean cjpeg_end_of_input(j_decompress_ptr decoder) {
  ((CJPEGReader *)decoder->client_data)->ranOut = 1;
  return FALSE;
}

static inline void cjpeg_skip(j_decompress_ptr decoder, long count) {
  if (count <= 0) return;
  struct jpeg_source_mgr *source = decoder->src;
  if ((size_t)count > source->bytes_in_buffer) count = (long)source->bytes_in_buffer;
  source->next_input_byte += count;
  source->bytes_in_buffer -= (size_t)count;
}

static inline void cjpeg_check_scans(j_common_ptr codec) {
  CJPEGReader *reader = ((CJPEGProgress *)codec->progress)->reader;
  if (((j_decompress_ptr)codec)->input_scan_number <= reader->maximumScans) return;
  reader->hasTooManyScans = 1;
  cjpeg_fail(codec, "there are too many scans");
}

// Decodes the reader's rows into their places among width * height pixels of RGB, or of CMYK as
// stored where the file has four components, by the exact integer transform and smooth upsampling.
// Returns 1, or 0 and a message. Whatever follows the last row is ignored, unless it is of the same
// scan; a file whose header gives another size or number of components fails.
static inline int cjpeg_decode(
    CJPEGReader *reader, uint32_t width, uint32_t height, int32_t components, uint8_t *pixels) {
  struct jpeg_decompress_struct decoder;
  CJPEGErrors errors;
  decoder.client_data = reader;
  decoder.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = cjpeg_failed;
  errors.manager.emit_message = cjpeg_check_warning;
  errors.message = reader->message;
  // Destroying a decoder whose making failed needs its memory manager to be null.
  decoder.mem = NULL;
  if (setjmp(errors.target)) {
    jpeg_destroy_decompress(&decoder);
    // What follows the last row does not matter, but that of the same scan.
    return reader->isDone && !reader->hasLeftOver;
  }
  jpeg_create_decompress(&decoder);
  struct jpeg_source_mgr source = {
    .next_input_byte = reader->bytes,
    .bytes_in_buffer = reader->count,
    .init_source = cjpeg_ignore_start,
    .fill_input_buffer = cjpeg_end_of_input,
    .skip_input_data = cjpeg_skip,
    .resync_to_restart = jpeg_resync_to_restart,
    .term_source = cjpeg_ignore_start,
  };
  decoder.src = &source;
  CJPEGProgress progress = {.manager = {.progress_monitor = cjpeg_check_scans}, .reader = reader};
  decoder.progress = &progress.manager;

  const char *end = "the data end early";
  if (jpeg_read_header(&decoder, TRUE) != JPEG_HEADER_OK) cjpeg_fail((j_common_ptr)&decoder, end);
  if (decoder.image_width != width || decoder.image_height != height ||
      decoder.num_components != components)
    cjpeg_fail((j_common_ptr)&decoder, "the header is ambiguous");
  decoder.out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
  if (!jpeg_start_decompress(&decoder)) cjpeg_fail((j_common_ptr)&decoder, end);
  size_t stride = (size_t)width * (components == 4 ? 4 : 3);
  // Passing over goes on behind the end of the data.
  if (reader->firstRow > 0 &&
      (jpeg_skip_scanlines(&decoder, reader->firstRow) != reader->firstRow || reader->ranOut))
    cjpeg_fail((j_common_ptr)&decoder, end);
  uint32_t rows = reader->endRow < height ? reader->endRow : height;
  while (decoder.output_scanline < rows) {
    JSAMPROW row = pixels + decoder.output_scanline * stride;
    if (jpeg_read_scanlines(&decoder, &row, 1) != 1) cjpeg_fail((j_common_ptr)&decoder, end);
  }
  reader->isDone = 1;
  if (rows == height) jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return 1;
}

static inline void cjpeg_start_output(j_compress_ptr encoder) {
  CJPEGWriter *writer = (CJPEGWriter *)encoder->client_data;
  encoder->dest->next_output_byte = writer->bytes;
  encoder->dest->free_in_buffer = writer->capacity;
}

static inline boolean cjpeg_output_is_full(j_compress_ptr encoder) {
  cjpeg_fail((j_common_ptr)encoder, "the buffer is too small");
  return FALSE;
}

static inline void cjpeg_end_output(j_compress_ptr encoder) {
  CJPEGWriter *writer = (CJPEGWriter *)encoder->client_data;
  writer->count = writer->capacity - encoder->dest->free_in_buffer;
}

// Encodes RGB rows as a baseline file into the writer's buffer, with one color sample for
// step * step pixels. Returns 1, or 0 and a message.
static inline int cjpeg_encode_rgb(
    CJPEGWriter *writer, uint32_t width, uint32_t height, const uint8_t *pixels, int32_t quality,
    int32_t step) {
  struct jpeg_compress_struct encoder;
  CJPEGErrors errors;
  encoder.client_data = writer;
  encoder.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = cjpeg_failed;
  errors.manager.emit_message = cjpeg_ignore_message;
  errors.message = writer->message;
  encoder.mem = NULL;
  if (setjmp(errors.target)) {
    jpeg_destroy_compress(&encoder);
    return 0;
  }
  jpeg_create_compress(&encoder);
  struct jpeg_destination_mgr destination = {
    .init_destination = cjpeg_start_output,
    .empty_output_buffer = cjpeg_output_is_full,
    .term_destination = cjpeg_end_output,
  };
  encoder.dest = &destination;
  encoder.image_width = width;
  encoder.image_height = height;
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  encoder.comp_info[0].h_samp_factor = step;
  encoder.comp_info[0].v_samp_factor = step;
  jpeg_start_compress(&encoder, TRUE);
  size_t stride = (size_t)3 * width;
  while (encoder.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)pixels + encoder.next_scanline * stride;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  return 1;
}

#endif
