#ifndef CCONSOLE_H
#define CCONSOLE_H

#include <stddef.h>

/// A file of the console, as it was when the program was compiled.
struct ConsoleEntry {
  /// What it is called.
  const char *name;
  /// Its bytes, which are there as long as the process lives.
  const unsigned char *bytes;
  /// How many they are.
  size_t count;
};

/// The number of files.
extern const size_t consoleEntryCount;

/// Returns a file by its index.
const struct ConsoleEntry *consoleEntry(size_t index);

#endif
