// What a test handles without importing the modules below this one.
@_exported public import struct YOLODatasets.PredictedImage
@_exported public import enum YOLODatasets.PredictionFile
@_exported public import struct YOLOPostprocess.Prediction
@_exported public import struct YOLOVerification.GoldenCase
@_exported public import struct YOLOVerification.PredictionCheck
@_exported public import struct YOLOVerification.Tolerances
@_exported public import struct YOLOVerification.Verification
@_exported public import enum YOLOVerification.VerificationError
