// What a test handles without importing the modules below this one.
@_exported public import struct YOLODataSet.PredictedPicture
@_exported public import enum YOLODataSet.PredictionFile
@_exported public import struct YOLOPostprocess.Prediction
@_exported public import struct YOLOVerification.PredictionCheck
@_exported public import struct YOLOVerification.ReferenceCase
@_exported public import struct YOLOVerification.Tolerances
@_exported public import struct YOLOVerification.Verification
@_exported public import enum YOLOVerification.VerificationError
