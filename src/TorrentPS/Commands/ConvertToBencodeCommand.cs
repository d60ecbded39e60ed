using System.Collections.Specialized;
using System.Management.Automation;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Converts objects to bencoded data.</para>
/// <para type="description">Writes hashtables, objects, arrays, strings, numbers and bytes, each value as one array of bytes.</para>
/// </summary>
[Cmdlet(VerbsData.ConvertTo, "Bencode")]
[OutputType(typeof(byte[]))]
public sealed class ConvertToBencodeCommand : ModuleCommand
{
    /// <summary><para type="description">The object. Each object from the pipeline becomes a separate array of bytes; pass a list with the parameter, because the
    /// pipeline enumerates it.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "The object to convert; pass a list here, not through the pipeline.")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            WriteObject(BencodeConvert.Encode(InputObject, Unwrap), enumerateCollection: false);
        }
        catch (TorrentException exception)
        {
            WriteError(ErrorRecords.From(exception, InputObject));
        }
    }

    private static object? Unwrap(object? value)
    {
        if (value is not PSObject wrapped)
            return value;
        return wrapped.BaseObject is PSCustomObject ? Properties(wrapped) : wrapped.BaseObject;
    }

    private static OrderedDictionary Properties(PSObject value)
    {
        OrderedDictionary properties = new(StringComparer.Ordinal);
        foreach (PSPropertyInfo property in value.Properties)
            properties.Add(property.Name, property.Value);
        return properties;
    }
}
