// libpng reports errors by longjmp, which must not cross Swift frames. These functions keep every
// jump inside C: they either finish or return zero with a message.
#ifndef SWIFT_YOLO_CPNG_H
#define SWIFT_YOLO_CPNG_H

#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct CPNGReader {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  // Reading beyond this position fails; the decoder sets it.
  size_t stop;
  // Non-zero once libpng has asked for more bytes than there are.
  int32_t ranOut;
  // What libpng said when it gave up, a terminated string.
  char message[128];
} CPNGReader;

typedef struct CPNGWriter {
  uint8_t *bytes;
  size_t capacity;
  size_t count;
  char message[128];
} CPNGWriter;

static inline void cpng_copy_message(char destination[128], png_const_charp message) {
  strncpy(destination, message, 127);
  destination[127] = 0;
}

static inline void cpng_reader_failed(png_structp png, png_const_charp message) {
  cpng_copy_message(((CPNGReader *)png_get_error_ptr(png))->message, message);
  png_longjmp(png, 1);
}

static inline void cpng_writer_failed(png_structp png, png_const_charp message) {
  cpng_copy_message(((CPNGWriter *)png_get_error_ptr(png))->message, message);
  png_longjmp(png, 1);
}

static inline void cpng_ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void cpng_read(png_structp png, png_bytep destination, size_t count) {
  CPNGReader *reader = (CPNGReader *)png_get_io_ptr(png);
  if (count > reader->count - reader->position) {
    reader->ranOut = 1;
    png_error(png, "the data ends early");
  }
  if (reader->position + count > reader->stop) png_error(png, "IDAT: too much data for the image");
  memcpy(destination, reader->bytes + reader->position, count);
  reader->position += count;
}

static inline void cpng_write(png_structp png, png_bytep source, size_t count) {
  CPNGWriter *writer = (CPNGWriter *)png_get_io_ptr(png);
  if (count > writer->capacity - writer->count) png_error(png, "the buffer is too small");
  memcpy(writer->bytes + writer->count, source, count);
  writer->count += count;
}

static inline void cpng_flush(png_structp png) { (void)png; }

// Decodes a whole file into channels * width * height bytes: 3 are RGB, 1 is gray, 4 are blue, green,
// red and alpha. Palettes and gray are expanded, of 16 bits the high byte stays, alpha that is not
// wanted is dropped, gamma and color profiles are ignored. Returns 1, or 0 and a message; a file whose
// header gives another size than width and height fails.
static inline int cpng_decode(
    CPNGReader *reader, uint32_t width, uint32_t height, int32_t channels, uint8_t *pixels) {
  png_structp png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, reader, cpng_reader_failed, cpng_ignore_warning);
  if (!png) {
    cpng_copy_message(reader->message, "libpng cannot start");
    return 0;
  }
  png_infop info = png_create_info_struct(png);
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    cpng_copy_message(reader->message, "out of memory");
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  reader->stop = SIZE_MAX;
  png_set_read_fn(png, reader, cpng_read);
  // Text, profiles and the like are skipped unread, so none of them can be a decompression bomb.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
    png_error(png, "the header names another size");
  png_set_strip_16(png);
  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  if (channels == 4) {
    png_set_tRNS_to_alpha(png);
    png_set_bgr(png);
  } else {
    png_set_strip_alpha(png);
  }
  if (channels == 1) {
    // Silently, and by the weights of ITU-R 601.
    png_set_rgb_to_gray(png, 1, 0.299, 0.587);
  } else {
    png_set_gray_to_rgb(png);
  }
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t stride = (size_t)channels * width;
  if (png_get_rowbytes(png, info) != stride) png_error(png, "the rows have other channels");
  for (int pass = 0; pass < passes; ++pass) {
    for (uint32_t y = 0; y < height; ++y) {
      // Behind the last row libpng inflates whatever is left, a thousandfold where it is a bomb. The
      // row itself takes up to eight bytes a pixel.
      if (pass == passes - 1 && y == height - 1)
        reader->stop = reader->position + (size_t)9 * width + 65536;
      png_read_row(png, pixels + y * stride, NULL);
    }
  }
  reader->stop = SIZE_MAX;
  png_read_end(png, info);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}

// Encodes rows as a PNG file into the writer's buffer: of 3 bytes a pixel as RGB, of 1 as gray, of 2 as
// gray of 16 bits, the higher byte first. Returns 1, or 0 and a message.
static inline int cpng_encode(
    CPNGWriter *writer, uint32_t width, uint32_t height, int32_t bytes, const uint8_t *pixels) {
  png_structp png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, writer, cpng_writer_failed, cpng_ignore_warning);
  if (!png) {
    cpng_copy_message(writer->message, "libpng cannot start");
    return 0;
  }
  png_infop info = png_create_info_struct(png);
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    cpng_copy_message(writer->message, "out of memory");
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return 0;
  }
  png_set_write_fn(png, writer, cpng_write, cpng_flush);
  png_set_IHDR(
      png, info, width, height, bytes == 2 ? 16 : 8,
      bytes == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  // On photographs this pair comes within a percent of libpng's defaults in a quarter of the time.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
  png_set_compression_level(png, 1);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; ++y) png_write_row(png, pixels + (size_t)bytes * width * y);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  return 1;
}

#endif
