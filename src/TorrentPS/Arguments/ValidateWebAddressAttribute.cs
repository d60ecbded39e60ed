using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>Accepts http and https addresses.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidateWebAddressAttribute : ValidateEnumeratedArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        try
        {
            WebAddress.Parse((element is PSObject wrapped ? wrapped.BaseObject : element) is Uri uri ? uri.OriginalString : $"{element}");
        }
        catch (FormatException exception)
        {
            throw new ValidationMetadataException(SafeText.Escape(exception.Message));
        }
    }
}
