// The one import of the C library: modules that call it import YOLOSystem.

#if canImport(Glibc)
@_exported public import Glibc
#elseif canImport(Musl)
@_exported public import Musl
#endif
