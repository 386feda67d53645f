#if Server
import Testing
import HummingbirdTesting
#endif
