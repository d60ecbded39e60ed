using System.Globalization;
using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>Accepts a rate as a number or as text: <c>5MB</c>, <c>'5MB'</c>, <c>'5MB/s'</c>.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ByteRateTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        string? text = value as string ?? (value is IConvertible number ? number.ToString(CultureInfo.InvariantCulture) : null);
        return ByteRate.TryParse(text, out ByteRate rate)
            ? rate.BytesPerSecond
            : throw new ArgumentTransformationMetadataException(SafeText.Escape($"'{text ?? value}' is not a rate. Give {ByteRate.Expected}."));
    }
}
