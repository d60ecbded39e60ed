using System.Globalization;
using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>Accepts a traffic class as a number or a name: <c>8</c>, <c>CS1</c>.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class TrafficClassTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is TrafficClass given)
            return given;
        try
        {
            return TrafficClass.Parse(value as string ?? (value as IConvertible)?.ToString(CultureInfo.InvariantCulture));
        }
        catch (FormatException exception)
        {
            throw new ArgumentTransformationMetadataException(SafeText.Escape(exception.Message));
        }
    }
}
