@_exported public import struct YOLOPostprocess.Results
@_exported public import struct YOLOVerification.GoldenCase
@_exported public import struct YOLOVerification.MapDifference
// What a test handles without importing the modules below this one.
@_exported public import struct YOLOVerification.PredictedImage
@_exported public import struct YOLOVerification.PredictionCheck
@_exported public import enum YOLOVerification.PredictionFile
@_exported public import struct YOLOVerification.Tolerances
@_exported public import struct YOLOVerification.Verification
@_exported public import enum YOLOVerification.VerificationError
